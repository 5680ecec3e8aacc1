"use strict";
// Keeps an open page current. The stream of the inbox reports a new mark of the page; then the page
// is loaded in the background and its parts are updated in place: elements stay, and with them the
// focus, open menus and the place where the user reads. Lists are offered, not replaced.
(() => {
  const main = document.querySelector("main[data-live]");
  if (!main) return;
  const pause = 1000; // between two refreshes, in ms
  const status = main.querySelector("[data-live-status]");
  let wanted = main.dataset.liveMark;
  let done = wanted;
  let last = -pause;
  let timer = 0;
  let loading = false;

  // The text of a list as the server wrote it, without its relative times.
  function textOf(list) {
    const copy = list.cloneNode(true);
    copy.querySelectorAll("time, nav, [data-live-offer]").forEach((part) => part.remove());
    return copy.textContent.replace(/\s+/g, " ");
  }
  const list = main.querySelector("[data-live-list]");
  const before = list && textOf(list); // this script runs before those that change the page

  // A part in which the user has typed, or is about to, is left as it is.
  function busy() {
    const fields = main.querySelectorAll("[data-live-part] :is(input, textarea, select)");
    return [...fields].some((f) => f === document.activeElement || f.value !== f.defaultValue && f.defaultValue !== undefined
      || f.checked !== f.defaultChecked && f.defaultChecked !== undefined);
  }

  const key = (node) => (node.nodeType === Node.ELEMENT_NODE
    ? [node.tagName, node.id, node.dataset.key, node.getAttribute("aria-label")].join("\n") : String(node.nodeType));

  function morph(now, next) {
    for (const { name } of [...now.attributes]) if (name !== "open" && !next.hasAttribute(name)) now.removeAttribute(name);
    for (const { name, value } of next.attributes) if (name !== "open" && now.getAttribute(name) !== value) now.setAttribute(name, value);
    let at = now.firstChild;
    for (const child of [...next.childNodes]) {
      let same = at;
      while (same && key(same) !== key(child)) same = same.nextSibling;
      if (!same) {
        now.insertBefore(document.importNode(child, true), at);
        continue;
      }
      while (at !== same) {
        const gone = at;
        at = at.nextSibling;
        gone.remove();
      }
      at = same.nextSibling;
      if (same.nodeType !== Node.ELEMENT_NODE) {
        if (same.nodeValue !== child.nodeValue) same.nodeValue = child.nodeValue;
      } else if (!same.isEqualNode(child)) {
        morph(same, child);
      }
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  function show(page, next) {
    const said = () => [...main.querySelectorAll("[data-live-say]")].map((e) => e.textContent.trim()).join(". ");
    const was = said();
    const focused = document.activeElement;
    document.body.dispatchEvent(new CustomEvent("gc-times", { detail: next }));
    main.querySelectorAll("[data-live-part]").forEach((part) => {
      const other = next.querySelector(`[data-live-part="${part.dataset.livePart}"]`);
      if (other) morph(part, other);
    });
    if (!focused.isConnected && focused.href) {
      main.querySelector(`a[href="${CSS.escape(focused.getAttribute("href"))}"]`)?.focus({ preventScroll: true });
    }
    main.dataset.liveMark = next.dataset.liveMark;
    document.title = page.title;
    document.body.dispatchEvent(new Event("gc-title"));
    if (said() !== was) status.textContent = `Updated: ${said()}`;
  }

  // The list keeps its rows: the user can be selecting them.
  function offer(next) {
    const now = next.querySelector("[data-live-list]");
    const place = list?.querySelector("[data-live-offer]");
    if (now && place) place.hidden = textOf(now) === before;
  }

  async function load() {
    loading = true;
    const asked = wanted;
    try {
      const answer = await fetch(location.href, { headers: { "Gatecrier-Refresh": "1", Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.querySelector(`main[data-live="${CSS.escape(main.dataset.live)}"]`);
      if (!next || busy()) return;
      const raw = next.cloneNode(true);
      show(page, next);
      offer(raw);
      done = asked;
    } catch { /* the next change, or the user's return, asks again */ } finally {
      loading = false;
      last = performance.now();
      refresh();
    }
  }

  function refresh() {
    if (loading || timer || wanted === done || document.hidden || busy()) return;
    const wait = last + pause - performance.now();
    if (wait <= 0) {
      load();
      return;
    }
    timer = setTimeout(() => { timer = 0; refresh(); }, wait);
  }

  document.body.addEventListener("gc-page", (e) => {
    wanted = e.detail;
    if (wanted === main.dataset.liveMark) done = wanted;
    refresh();
  });
  document.addEventListener("visibilitychange", refresh);
  main.addEventListener("focusout", () => setTimeout(refresh));
})();
