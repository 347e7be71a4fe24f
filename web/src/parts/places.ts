/** Where the bar leads. A page that is added gets its line here. */
export const PLACES = [
  { to: "/", label: "Home" },
  { to: "/models", label: "Models" },
  { to: "/trainings", label: "Trainings" },
  { to: "/predictions", label: "Predictions" },
  { to: "/docs", label: "Docs" },
  { to: "/account", label: "Account" },
] as const;
