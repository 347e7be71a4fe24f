/** Where the bar leads. A page that is added gets its line here. */
export const PLACES = [{ to: "/", label: "Home" }] as const;
