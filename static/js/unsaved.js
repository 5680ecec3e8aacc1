"use strict";
// Asks before a page is left with changes that are not saved. The browser asks, in its own words.
(() => {
  // The fields of a form that a user fills in. The boxes that select rows are none of them.
  function fields(form) {
    return [...form.elements].filter((f) => f.name && !["hidden", "submit", "button", "fieldset"].includes(f.type)
      && !("select" in form.dataset && f.type === "checkbox"));
  }

  // The value that a field was loaded with, as the browser keeps it: one of a time has its own form.
  function loadedValue(field) {
    const copy = field.cloneNode();
    copy.value = field.defaultValue;
    return copy.value;
  }

  function isChanged(field) {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.type === "file") return field.files.length > 0;
    if (field.type === "select-multiple") return [...field.options].some((o) => o.selected !== o.defaultSelected);
    if (field.options) {
      const loaded = [...field.options].findLastIndex((o) => o.defaultSelected);
      return field.selectedIndex !== Math.max(0, loaded);
    }
    if (field.type === "password" && field.matches(":autofill")) return false; // by the browser
    return field.validity.badInput || field.value !== loadedValue(field);
  }

  // Only the forms that save something name their user: filters and searches do not. One that came
  // back after a refusal or a new sign-in is unsaved as a whole.
  function isUnsaved(form) {
    return form.method === "post" && form.elements.form_user
      && ("unsaved" in form.dataset || fields(form).some(isChanged));
  }

  // The form that is left on purpose: it is sent, or its changes are discarded. Another one on the
  // page can have changes too.
  let left = null;
  addEventListener("submit", (e) => { left = e.defaultPrevented ? null : e.target; });
  addEventListener("click", (e) => {
    const link = e.target.closest("a[data-discard]");
    if (link && !(e.ctrlKey || e.metaKey || e.shiftKey || e.altKey)) left = link.closest("form");
  });
  addEventListener("input", () => { left = null; }); // the page is still there
  addEventListener("pageshow", () => { left = null; });
  addEventListener("beforeunload", (e) => {
    if ([...document.forms].some((form) => form !== left && isUnsaved(form))) e.preventDefault();
  });
})();
