// Runs before the first paint, so that a chosen theme does not flash the other one. See src/theme.ts.
try {
  const theme = localStorage.getItem("easel-theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage can be forbidden; then the system's theme holds.
}
