"use strict";
// Shows unread notifications in the browser's tab: a dot on the icon, and their number in front of
// the title. It follows the bell in the top bar.
(() => {
  const bell = document.getElementById("unread-bell")?.parentElement;
  const icon = document.querySelector("link[data-unread]");
  if (!bell || !icon) return;
  const plain = icon.getAttribute("href");

  function show() {
    const n = bell.querySelector("#unread-bell b")?.firstChild.textContent.trim() || "";
    const href = n ? icon.dataset.unread : plain;
    if (icon.getAttribute("href") !== href) icon.setAttribute("href", href);
    const title = document.title.replace(/^\(\d+\+?\) /, "");
    const next = n ? `(${n}) ${title}` : title;
    if (document.title !== next) document.title = next;
  }

  new MutationObserver(show).observe(bell, { childList: true, subtree: true, characterData: true });
  document.body.addEventListener("gc-title", show);
  show();
})();
