/* Runs before the first paint: the chosen theme, if one was chosen. The choice is this browser's own. */
document.documentElement.classList.add("js");
try {
  const chosen = localStorage.getItem("footfall-theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch { /* storage is off: the system's theme it is */ }
