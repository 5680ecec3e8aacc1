"use strict";
// The search over everything: a dialog with a field and a list that htmx fills from the server.
// Without this script the button in the top bar leads to a page.
(() => {
  const dialog = document.getElementById("palette");
  if (!dialog?.showModal) return;
  const field = document.getElementById("palette-q");
  const list = document.getElementById("palette-list");
  const status = dialog.querySelector("[data-palette-status]");
  const maxRecent = 6;

  // The pages opened last, of this user in this browser.
  const recent = {
    read() {
      try {
        const kept = JSON.parse(localStorage.getItem("gcRecent"));
        return kept.user === dialog.dataset.user ? kept.pages : [];
      } catch { return []; }
    },
    write(pages) {
      try { localStorage.setItem("gcRecent", JSON.stringify({ user: dialog.dataset.user, pages })); } catch { /* then none are listed */ }
    },
    forget() { try { localStorage.removeItem("gcRecent"); } catch { /* there are none */ } },
  };

  // A page about one thing is worth a way back: its path has a number.
  function remember() {
    if (!/\/\d+$/.test(location.pathname) || !document.querySelector("main h1")) return;
    const page = { href: location.pathname, title: document.title.replace(/^\(\d+\+?\) | · [^·]*$/g, "") };
    recent.write([page, ...recent.read().filter((p) => p.href !== page.href)].slice(0, maxRecent));
  }

  const options = () => [...list.querySelectorAll('[role="option"]')];
  const selected = () => list.querySelector('[aria-selected="true"]');

  function select(option) {
    selected()?.setAttribute("aria-selected", "false");
    if (!option) { field.removeAttribute("aria-activedescendant"); return; }
    option.setAttribute("aria-selected", "true");
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function addRecent() {
    const pages = recent.read().filter((p) => p.href.startsWith("/") && p.href !== location.pathname);
    if (field.value.trim() || !pages.length || list.querySelector("#palette-recent")) return;
    const group = document.createElement("div");
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", "palette-recent");
    const label = Object.assign(document.createElement("div"), { className: "kind", id: "palette-recent", textContent: "Recently opened" });
    group.append(label, ...pages.map((p, i) => {
      const a = Object.assign(document.createElement("a"), { href: p.href, id: `palette-recent-${i}`, tabIndex: -1, textContent: p.title });
      a.setAttribute("role", "option");
      a.setAttribute("aria-selected", "false");
      return a;
    }));
    list.prepend(group);
  }

  function open() {
    if (dialog.open) return;
    document.querySelectorAll(":popover-open").forEach((p) => p.hidePopover());
    dialog.showModal();
    field.select();
    field.dispatchEvent(new Event("gc-open"));
  }

  list.addEventListener("htmx:afterSwap", () => {
    status.textContent = list.querySelector("[data-status]")?.textContent ?? "";
    addRecent();
    select(options()[0]);
  });
  field.addEventListener("htmx:sendError", () => { status.textContent = "The server does not answer. Try again."; });
  field.addEventListener("htmx:responseError", () => { status.textContent = "The search failed. Try again."; });

  field.addEventListener("keydown", (e) => {
    const all = options();
    const at = all.indexOf(selected());
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      const step = e.key === "ArrowDown" ? 1 : -1;
      if (all.length) select(all[(at + step + all.length) % all.length]);
    }
  });
  // Enter opens the selected result; without one, the form leads to the page of the search.
  field.form.addEventListener("submit", (e) => {
    if (!selected()) return;
    e.preventDefault();
    selected().click();
  });
  list.addEventListener("pointermove", (e) => {
    const option = e.target.closest('[role="option"]');
    if (option && option !== selected()) select(option);
  });
  // A press beside the dialog closes it.
  dialog.addEventListener("click", (e) => { if (e.target === dialog || e.target.closest("[data-palette-close]")) dialog.close(); });

  document.addEventListener("click", (e) => {
    if (!e.target.closest("[data-palette-open]") || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    open();
  });
  document.addEventListener("keydown", (e) => {
    const combined = (e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && e.key.toLowerCase() === "k";
    const slash = e.key === "/" && !e.ctrlKey && !e.metaKey && !e.altKey &&
      !e.target.closest('input:not([type="checkbox"]), textarea, select, [contenteditable], dialog');
    if (!combined && !slash || document.querySelector("dialog[open]")) {
      if (combined) e.preventDefault();
      return;
    }
    e.preventDefault();
    open();
  });
  document.querySelector('form[action="/logout"]')?.addEventListener("submit", recent.forget);
  remember();
})();
