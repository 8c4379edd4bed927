// The theme that was chosen on this machine, set before anything is drawn. Without one, the system's.
"use strict";
(() => {
  try {
    const chosen = localStorage.getItem("reelmill-theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch { /* storage is closed to this page: the system's theme it is */ }
})();
