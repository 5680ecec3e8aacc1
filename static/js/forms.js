"use strict";
// The errors of forms. The forms also work without it.
(() => {
  // The answer to a form has the form's address: it can be reloaded, and opened again. Its errors
  // get the focus.
  function answer() {
    const main = document.querySelector("main[data-address]");
    if (main) history.replaceState(history.state, "", main.dataset.address);
    document.querySelector("[data-errors]")?.focus();
  }

  document.addEventListener("DOMContentLoaded", answer);
})();
