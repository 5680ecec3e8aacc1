"use strict";
// Enhances the pages, which also work without it. Loaded before the body, so
// that the chosen theme applies at the first paint.
(() => {
  const root = document.documentElement;
  const themes = ["auto", "light", "dark"];

  const keep = {
    read() { try { return localStorage.getItem("gcTheme"); } catch { return null; } },
    write(theme) { try { localStorage.setItem("gcTheme", theme); } catch { /* then it lasts for this page */ } },
  };

  function show(theme) {
    if (theme === "auto") root.removeAttribute("data-bs-theme");
    else root.setAttribute("data-bs-theme", theme);
  }

  // The theme of a signed-in user is on the server; this browser remembers it for the
  // sign-in page.
  const chosen = root.dataset.gcTheme;
  if (chosen) keep.write(chosen);
  let theme = themes.includes(keep.read()) ? keep.read() : "auto";
  if (chosen) theme = chosen;
  else if (theme !== "auto") show(theme);

  // The toggle cycles: system, light, dark.
  function themeToggle(button) {
    const names = { auto: "system", light: "light", dark: "dark" };
    const say = () => {
      button.title = `Theme: ${names[theme]}`;
      button.setAttribute("aria-label", `Theme: ${names[theme]}. Change theme`);
    };
    button.hidden = false;
    say();
    button.addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      keep.write(theme);
      show(theme);
      say();
      const saved = new URLSearchParams({ theme: theme === "auto" ? "" : theme });
      if (chosen) fetch("/profile/theme", { method: "POST", body: saved }).catch(() => { /* then it is this browser's */ });
    });
  }

  // A copy button needs the clipboard, which browsers allow for https and
  // localhost only.
  function copyField(box) {
    const button = box.querySelector("button");
    const said = button.querySelector(".said");
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(box.querySelector("code").textContent);
        said.textContent = "Copied";
      } catch {
        said.textContent = "Copying failed";
      }
      setTimeout(() => { said.textContent = ""; }, 2000);
    });
  }

  // Selecting rows: one box for all, and a count. Shift selects a stretch.
  function selection(form) {
    const bar = form.querySelector(".gc-bulk");
    const all = bar.querySelector("#all");
    const text = bar.querySelector("[data-select-count]");
    const rows = [...form.querySelectorAll('input[name="id"]')];
    const buttons = [...bar.querySelectorAll("button")];
    let last = -1;
    const tell = () => {
      const chosen = rows.filter((r) => r.checked);
      const n = new Set(chosen.flatMap((r) => r.value.split(","))).size;
      all.checked = chosen.length === rows.length;
      all.indeterminate = n > 0 && chosen.length < rows.length;
      text.textContent = n ? `${n} selected` : "Select all";
      bar.classList.toggle("on", n > 0);
      buttons.forEach((b) => { b.disabled = n < Number(b.dataset.least || 1); });
    };
    all.closest("label").hidden = false;
    form.addEventListener("gc-select", tell);
    all.addEventListener("change", () => { rows.forEach((r) => { r.checked = all.checked; }); tell(); });
    rows.forEach((row, at) => row.addEventListener("click", (e) => {
      if (e.shiftKey && last >= 0) {
        const [from, to] = [Math.min(at, last), Math.max(at, last)];
        rows.slice(from, to + 1).forEach((r) => { r.checked = row.checked; });
      }
      last = at;
      tell();
    }));
    tell();
  }

  // An upload shows its progress. The response is the page that a plain form
  // would get, so it replaces this one.
  function upload(form) {
    const bar = form.querySelector("progress");
    const text = form.querySelector("[data-upload-text]");
    const button = form.querySelector('button[type="submit"]');
    let asking = 0;
    const stop = (why) => { clearInterval(asking); bar.hidden = true; button.disabled = false; text.textContent = why; };
    // A large report is written in parts, which the server counts.
    const ask = async () => {
      try {
        const far = await (await fetch(`${form.action}/progress`)).json();
        if (!asking || !far.total) return;
        bar.value = 100 * far.done / far.total;
        text.textContent = `Storing rows: ${far.done.toLocaleString("en")} of ${far.total.toLocaleString("en")}`;
      } catch { /* the upload itself will say */ }
    };
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.responseType = "document";
      request.upload.addEventListener("progress", (p) => {
        if (!p.lengthComputable) return;
        bar.value = 100 * p.loaded / p.total;
        if (p.loaded < p.total) {
          text.textContent = `Sending: ${Math.round(bar.value)} %`;
          return;
        }
        bar.removeAttribute("value");
        text.textContent = "Processing report";
        asking = asking || setInterval(ask, 1000);
      });
      request.addEventListener("load", () => { clearInterval(asking); asking = 0; replace(request, stop); });
      request.addEventListener("error", () => stop("Connection lost. No changes were made. Try again."));
      bar.hidden = false;
      bar.value = 0;
      button.disabled = true;
      text.textContent = "0 %";
      request.send(new FormData(form));
    });
  }

  // The session has ended. The answer to a form is the sign-in page, which has its text: it
  // replaces all of this page. To other requests it is empty: what is typed here stays.
  function signedOut(page) {
    if (page?.querySelector("main")) {
      document.title = page.title;
      document.body.replaceChildren(...document.adoptNode(page.body).children);
      enhance(document.body);
      document.querySelector("[autofocus]")?.focus();
      return;
    }
    if (document.getElementById("signed-out")) return;
    const note = document.createElement("div");
    note.id = "signed-out";
    note.className = "gc-note wait gc-flash";
    note.setAttribute("role", "alert");
    const link = document.createElement("a");
    link.href = "/login";
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = "Sign in in a new tab";
    note.append("Your session has ended. ", link, " and continue here, or save: your text is kept while you sign in.");
    document.querySelector("main").prepend(note);
  }

  function watchSession() {
    document.body.addEventListener("htmx:beforeOnLoad", (e) => {
      const request = e.detail.xhr;
      if (request.status === 401) {
        e.preventDefault();
        signedOut(new DOMParser().parseFromString(request.responseText, "text/html"));
      } else {
        document.getElementById("signed-out")?.remove();
      }
    });
  }

  function replace(request, stop) {
    if (request.status === 401) { signedOut(request.response); return; }
    const main = request.response && request.response.querySelector("main");
    const here = document.querySelector("main");
    if (!main) { stop(`The server responded with status ${request.status}. No changes were made.`); return; }
    document.title = request.response.title;
    here.replaceWith(document.adoptNode(main));
    history.replaceState(null, "", request.responseURL);
    enhance(main);
    if (window.htmx) window.htmx.process(main);
    main.focus();
    window.scrollTo(0, 0);
  }

  // A notification is read once it is opened: the button and the badges follow.
  // The copy of the form is without htmx's listeners, so it is sent once.
  function viewed(form) {
    form.addEventListener("htmx:afterRequest", (e) => {
      if (!e.detail.successful) return;
      const plain = form.cloneNode(true);
      for (const name of ["hx-post", "hx-trigger", "hx-swap", "data-view"]) plain.removeAttribute(name);
      plain.setAttribute("action", "/inbox/unviewed");
      plain.querySelector("button").textContent = "Mark as unread";
      form.replaceWith(plain);
      document.body.dispatchEvent(new Event("gc-viewed"));
    });
  }

  // A note with an undo is a toast, which a live region announces. It stays for 20 seconds without
  // the pointer or the focus on it.
  function toast(note) {
    document.querySelectorAll(".gc-toast").forEach((old) => old.remove());
    const box = document.createElement("div");
    box.className = "gc-toast";
    box.setAttribute("role", "status");
    document.body.append(box);
    note.removeAttribute("role");
    note.removeAttribute("data-toast");
    requestAnimationFrame(() => box.append(note)); // a region must exist before its text to be announced
    let timer = 0;
    const start = () => {
      clearTimeout(timer);
      timer = setTimeout(() => { if (!box.matches(":hover, :focus-within")) box.remove(); }, 20000);
    };
    for (const on of ["mouseenter", "focusin"]) box.addEventListener(on, () => clearTimeout(timer));
    for (const on of ["mouseleave", "focusout"]) box.addEventListener(on, start);
    const close = note.querySelector("[data-toast-close]");
    close.hidden = false;
    close.addEventListener("click", () => box.remove());
    start();
  }

  // A link to a fold opens it.
  function openTarget() {
    const target = document.getElementById(location.hash.slice(1));
    if (target?.matches("details")) target.open = true;
  }
  addEventListener("hashchange", openTarget);
  document.addEventListener("DOMContentLoaded", openTarget);

  // The server writes times in UTC; here they are converted to the time zone of
  // the user's profile, or else of the browser.
  const zone = (() => {
    try { return new Intl.DateTimeFormat("en-GB", { timeZone: root.dataset.gcZone }).resolvedOptions().timeZone; } catch { return undefined; }
  })();

  // Forms and filters take times in the same zone. The server learns it from this cookie.
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (own && !document.cookie.split("; ").includes(`gatecrier_zone=${own}`)) {
    document.cookie = `gatecrier_zone=${own}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  }

  function localTime(time) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) return;
    if ("clock" in time.dataset) time.textContent = at.toLocaleString("en-GB", { timeZone: zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
    const full = at.toLocaleString("en-GB", { timeZone: zone, weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
    if (time.textContent === time.title) time.textContent = full;
    time.title = full;
  }

  // A form that has nothing to ask.
  function go(form) { form.requestSubmit(); }

  // What was begun, and done, on rows by keys.
  let acts = 0;

  // Live updates of the inbox. A stream reports changes; what the page
  // shows is updated in place, and new rows are offered, never inserted
  // while the user reads. The stream is open while the page is visible: browsers
  // allow few connections to one host.
  function inbox() {
    const list = document.querySelector("[data-inbox]");
    const badge = document.getElementById("unread-bell");
    let source = null;
    let asked = false;
    let again = false;

    const refresh = async () => {
      document.body.dispatchEvent(new Event("gc-viewed"));
      if (!list) return;
      again = asked; // the pending answer can be outdated
      if (asked) return;
      asked = true;
      try {
        const before = acts;
        const now = await state();
        if (before === acts) show(now);
        else again = true; // an action on this page has made it outdated
      } catch { /* the next change asks again */ }
      asked = false;
      if (again) refresh();
    };

    async function state() {
      const url = new URL(list.dataset.inbox, location.href);
      url.searchParams.set("after", list.dataset.after);
      url.searchParams.set("id", [...list.querySelectorAll("[data-row]")].map((r) => r.dataset.row).join(","));
      if (!url.searchParams.get("id")) url.searchParams.delete("id");
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      return answer.json();
    }

    function show(now) {
      const known = new Map(now.rows.map((r) => [Number(r.id), r]));
      const filter = new URL(list.dataset.inbox, location.href).searchParams.get("filter");
      list.querySelectorAll("[data-row]").forEach((row) => {
        const r = known.get(Number(row.dataset.row));
        mark(row, r ? r.viewed : true, !r || r.archived !== (filter === "archived") || r.snoozed !== (filter === "snoozed"));
      });
      const offer = document.querySelector("[data-new] a");
      if (!offer) return;
      offer.hidden = now.new === 0;
      offer.querySelector("span").textContent = now.new ? `Show ${now.new}${now.more ? " or more" : ""} new ${now.new === 1 && !now.more ? "notification" : "notifications"}` : "";
    }

    function count(unread) {
      const text = document.querySelector("[data-unread]");
      if (!text) return;
      const n = unread > 999 ? "999+" : unread.toLocaleString("en");
      text.textContent = unread ? `${n} unread` : "No unread notifications";
    }

    function listen() {
      if (source || document.hidden || !window.EventSource) return;
      const live = document.querySelector("main[data-live]");
      source = new EventSource(live ? `/inbox/live?page=${live.dataset.live}` : "/inbox/live");
      source.addEventListener("page", (e) => document.body.dispatchEvent(new CustomEvent("gc-page", { detail: JSON.parse(e.data) })));
      let before = "";
      source.addEventListener("inbox", (e) => {
        if (before !== "" || Number(JSON.parse(e.data).newest) > Number(list ? list.dataset.after : 0)) refresh();
        else document.body.dispatchEvent(new Event("gc-viewed"));
        before = e.data;
        count(JSON.parse(e.data).unread);
      });
      source.addEventListener("error", () => {
        if (source && source.readyState === EventSource.CLOSED) source = null; // refused: asking now and then goes on
      });
    }
    const stop = () => { if (source) source.close(); source = null; };

    if (!badge) return;
    document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); else { listen(); refresh(); } });
    window.addEventListener("pagehide", stop);
    window.addEventListener("pageshow", (e) => { if (e.persisted) { listen(); refresh(); } });
    window.addEventListener("online", refresh);
    setInterval(() => { if (!document.hidden && !source) { listen(); refresh(); } }, 30000);
    listen();
  }

  // A row is read or unread, and can be gone: archived elsewhere, or deleted. It
  // keeps its place until the page is loaded again.
  function mark(row, viewed, away) {
    row.classList.toggle("new", !viewed);
    row.classList.toggle("away", away);
    const word = row.querySelector(":scope > .dot > .visually-hidden");
    word.textContent = away ? "no longer in this list" : viewed ? "" : "unread";
  }

  // The keyboard shortcuts of the inbox. Users of speech input can disable them.
  function inboxKeys() {
    const list = document.querySelector("[data-inbox]");
    const dialog = document.getElementById("keys");
    if (!list || !dialog) return;
    const off = dialog.querySelector("[data-keys-off]");
    try { off.checked = localStorage.getItem("gcKeys") === "off"; } catch { /* then they are on */ }
    const legend = list.querySelector("[data-keys]");
    const say = () => { if (legend) legend.hidden = off.checked; };
    off.addEventListener("change", () => {
      try { localStorage.setItem("gcKeys", off.checked ? "off" : "on"); } catch { /* then for this page */ }
      say();
    });
    say();
    const rows = () => [...list.querySelectorAll("[data-row]")].filter((r) => r.checkVisibility());
    const current = () => document.activeElement.closest("[data-row]");
    const go = (step) => {
      const all = rows();
      const at = all.indexOf(current());
      const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
      if (!next) return;
      next.querySelector("a.name").focus();
      next.scrollIntoView({ block: "nearest" });
    };
    const send = async (row, how) => {
      const box = row.querySelector('input[name="id"]');
      const body = new URLSearchParams({ id: row.querySelector(":scope > details[open]") ? row.dataset.row : box.value, next: location.pathname + location.search });
      acts++;
      const answer = await fetch(`/inbox/${how}`, { method: "POST", body, headers: { "HX-Request": "true" } });
      acts++;
      if (!answer.ok) throw new Error(answer.status);
      const note = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-toast]");
      if (note) toast(document.adoptNode(note));
      document.body.dispatchEvent(new Event("gc-viewed"));
      return body.get("id").split(",");
    };
    const filter = new URL(list.dataset.inbox, location.href).searchParams.get("filter");
    const archive = filter === "archived";
    const handlers = {
      j: () => go(1),
      k: () => go(-1),
      x: (row) => { const box = row.querySelector('input[name="id"]'); box.checked = !box.checked; box.dispatchEvent(new Event("gc-select", { bubbles: true })); },
      u: async (row) => {
        const viewed = row.classList.contains("new");
        const ids = await send(row, viewed ? "viewed" : "unviewed");
        list.querySelectorAll("[data-row]").forEach((r) => { if (ids.includes(r.dataset.row)) mark(r, viewed, false); });
      },
      e: async (row) => {
        const away = row.classList.contains("away");
        const ids = await send(row, away === archive ? "archived" : "unarchived");
        list.querySelectorAll("[data-row]").forEach((r) => { if (ids.includes(r.dataset.row)) mark(r, true, !away); });
        go(1);
      },
      b: async (row) => {
        if (filter !== "snoozed") {
          const next = encodeURIComponent(location.pathname + location.search);
          location.assign(`/inbox/snooze?id=${row.querySelector('input[name="id"]').value}&next=${next}`);
          return;
        }
        const ids = await send(row, "unsnoozed");
        list.querySelectorAll("[data-row]").forEach((r) => { if (ids.includes(r.dataset.row)) mark(r, false, true); });
        go(1);
      },
      s: (row) => {
        if (list.querySelector('[formaction="/silences/new"]')) location.assign(`/silences/new?notification=${row.dataset.row}`);
      },
      z: () => document.querySelector(".gc-toast .gc-undo")?.requestSubmit(),
      "?": () => dialog.showModal(),
    };
    document.addEventListener("keydown", (e) => {
      if (e.ctrlKey || e.metaKey || e.altKey || dialog.open || e.target.closest('input:not([type="checkbox"]), textarea, select, [contenteditable]')) return;
      const act = handlers[e.key];
      if (!act || (off.checked && e.key !== "?")) return;
      const row = current();
      if (act.length && !row) return;
      e.preventDefault();
      Promise.resolve(act(row)).catch(() => { /* the page says how it is when it is loaded again */ });
    });
  }

  // The current tab is in sight, even where the row is too narrow.
  function tabs(row) {
    const current = row.querySelector("[aria-current]");
    if (current) row.scrollLeft = current.offsetLeft - row.offsetLeft - 12;
  }

  function enhance(part) {
    part.querySelectorAll(".gc-tabs").forEach(tabs);
    part.querySelectorAll("[data-copy]").forEach(copyField);
    part.querySelectorAll("form[data-select]").forEach(selection);
    part.querySelectorAll("form[data-upload]").forEach(upload);
    part.querySelectorAll("form[data-go]").forEach(go);
    part.querySelectorAll("time[datetime]").forEach(localTime);
    part.querySelectorAll("form[data-view]").forEach(viewed);
    part.querySelectorAll("[data-toast]").forEach((note) => { const place = note.parentElement; toast(note); place.remove(); });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-theme]").forEach(themeToggle);
    enhance(document);
    document.body.addEventListener("htmx:load", (e) => {
      const part = e.detail.elt;
      part.querySelectorAll("time[datetime]").forEach(localTime);
      if (part !== document.body) part.querySelectorAll("form[data-select]").forEach(selection);
    });
    document.body.addEventListener("gc-times", (e) => e.detail.querySelectorAll("time[datetime]").forEach(localTime));
    watchSession();
    inboxKeys();
    inbox();
  });
})();
