// The desk: the one sample that is open, and what other modules hang on to. It knows none of them: they register acts
// (what a [data-act] does) and listen to what happens, so a new part of the desk is a new module and one line in
// editor.js. The text area is never replaced while its sample is open: caret, undo and composition stay.

export const byId = (id) => document.getElementById(id);
export const parse = (html) => new DOMParser().parseFromString(html, "text/html");
export const clock = (at) =>
  new Date(at).toLocaleTimeString(document.documentElement.lang || undefined, { hour: "2-digit", minute: "2-digit" });
export const newId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

// The open sample, null where none is: {form, answer, busy, dirty, stale, kept, …}. `dirty`: typed since the last save;
// `stale`: typed since the last check; `busy`: being sent.
export let desk = null;
const DESKS = new WeakMap(); // by form: a sample that was put aside and comes back is the one that it was

const ACTS = new Map();
const heard = { shown: [], typed: [], checked: [], sent: [], saved: [] };
const tell = (what, detail) => { for (const listener of heard[what]) listener(detail); };

export const act = (name, does) => { ACTS.set(name, does); }; // does(element that was pressed)
export const onShown = (listener) => { heard.shown.push(listener); }; // a sample was opened; `desk` is new
export const onTyped = (listener) => { heard.typed.push(listener); }; // a field was changed
export const onChecked = (listener) => { heard.checked.push(listener); }; // the parts the checks fill are new, from `page`
export const onSent = (listener) => { heard.sent.push(listener); }; // the server took what was sent: {deciding, answer, page}
export const onSaved = (listener) => { heard.saved.push(listener); }; // saved, and still open: {same, page}; same: nothing typed meanwhile
export const checked = (page) => tell("checked", page);
export const sent = (detail) => tell("sent", detail);
export const saved = (detail) => tell("saved", detail);

// A sentence for the status line, with what can be done about it. Sentences are words of the form (data-say-…), so that
// they are translated. The same sentence again is not said again: the line is read aloud.
export function say(text, tone = "", ...choices) {
  const status = byId("autosave");
  if (!status || (status.dataset.said === text && status.dataset.tone === tone)) return;
  status.replaceChildren(text, ...choices);
  status.dataset.said = text;
  status.dataset.tone = tone;
}

// A button or link for `say`.
export function choice(text, does) {
  const element = document.createElement(typeof does === "string" ? "a" : "button");
  element.className = "btn slim";
  element.textContent = text;
  if (typeof does === "string") Object.assign(element, { href: does, target: "_blank" });
  else { element.type = "button"; element.addEventListener("click", does); }
  return element;
}

export const word = (name, values = {}) =>
  Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), desk.form.dataset[name] ?? "");

export function replaceParts(page, names) {
  for (const name of names) {
    const fresh = page.getElementById(name);
    const old = byId(name);
    if (fresh && old) { old.replaceWith(document.importNode(fresh, true)); window.htmx?.process(byId(name)); }
  }
}

// Typed into the field like a person would, so that the browser's own undo takes it back. One in a closed fold cannot
// have the focus, and it would be typed into the field that has.
export function replaceText(area, from, to, text) {
  area.closest("details:not([open])")?.setAttribute("open", "");
  area.focus();
  area.setSelectionRange(from, to);
  const done = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
  if (!done) {
    area.setRangeText(text, from, to, "end");
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

// Something in the form is not what it was. Modules that change fields by themselves call it, too.
export function typed() {
  desk.form.elements.client_id.value = newId(); // other words are another request, also after a lost answer
  desk.dirty = true;
  desk.stale = true; // the findings on the page speak of the text before
  tell("typed");
}

function setUp() {
  const form = byId("sample-form");
  if (!form || form.dataset.ready) { desk = form ? DESKS.get(form) : null; return; }
  for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;
  desk = { form, answer: byId("answer"), busy: false, dirty: false, stale: false, kept: true };
  DESKS.set(form, desk);
  form.addEventListener("input", (event) => {
    if (event.target.matches("textarea, select") && !event.isComposing) typed();
  });
  form.addEventListener("compositionend", typed);
  form.addEventListener("change", (event) => { if (event.target.matches("[type=checkbox]")) typed(); });
  tell("shown");
  form.dataset.ready = "1";
}

export function start() {
  document.addEventListener("click", (event) => {
    const pressed = desk && event.target.closest("[data-act]");
    if (!pressed || !ACTS.has(pressed.dataset.act)) return;
    event.preventDefault();
    ACTS.get(pressed.dataset.act)(pressed);
  });
  addEventListener("popstate", () => location.reload());
  // Gone back to: the browser shows the page as it once came, with the text as it was left. What is found in the text,
  // its draft and what became of the sample meanwhile is asked for anew; the text has been kept.
  if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") { location.reload(); return; }
  document.addEventListener("desk:shown", setUp);
  setUp();
}
