// Comments on the desk: a click on @name writes it where the cursor is, and a comment can be about selected text.

import { byId } from "./desk.js";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-mention]");
  const area = button?.closest("form")?.querySelector("textarea");
  if (!area) return;
  event.preventDefault();
  const before = area.value.slice(0, area.selectionStart);
  const gap = before && !/\s$/.test(before) ? " " : "";
  area.setRangeText(`${gap}@${button.dataset.mention} `, area.selectionStart, area.selectionEnd, "end");
  area.focus();
});

// What was selected last in a text of the sample: {path, before, text}. `before` is the text in front of it, so that
// the place can be found in the revision as well, which the comment is about.
let passage = null;
const points = (text) => Array.from(text).length; // the server counts code points

function inArea(area) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  return { path: area.dataset.path, before: value.slice(0, from), text: value.slice(from, to), kept: area.defaultValue, whole: value };
}

function inText(selection) {
  const range = selection.rangeCount ? selection.getRangeAt(0) : null;
  const element = range?.commonAncestorContainer;
  const text = (element?.nodeType === Node.TEXT_NODE ? element.parentElement : element)?.closest?.("[data-raw-of]");
  if (!text) return null;
  const front = range.cloneRange();
  front.selectNodeContents(text);
  front.setEnd(range.startContainer, range.startOffset);
  return { path: text.dataset.rawOf, before: String(front), text: String(range), kept: text.textContent, whole: text.textContent };
}

document.addEventListener("selectionchange", () => {
  const area = document.activeElement;
  const found = area?.matches?.("#sample-form textarea[data-path]") ? inArea(area) : inText(getSelection());
  if (found?.text) passage = found;
});

// Where the selected text stands in the revision; null where it was changed and cannot be told.
function placed({ before, text, kept, whole }) {
  if (kept === whole) return { start: points(before), end: points(before) + points(text) };
  const at = kept.indexOf(text);
  if (at < 0 || kept.indexOf(text, at + 1) >= 0) return null;
  return { start: points(kept.slice(0, at)), end: points(kept.slice(0, at)) + points(text) };
}

function about(form, found) {
  const place = found && placed(found);
  const quote = form.querySelector("[data-quote]");
  form.elements.path.value = place ? found.path : "";
  form.elements.start.value = place?.start ?? "";
  form.elements.end.value = place?.end ?? "";
  quote.hidden = !place;
  quote.querySelector("q").textContent = place ? found.text.slice(0, 200) : "";
  form.querySelector("[data-no-passage]").hidden = Boolean(place) || !found;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-passage]");
  if (!button) return;
  const { form } = button;
  about(form, button.dataset.passage ? passage ?? { text: "", kept: "", whole: " " } : null);
  form.elements.text.focus();
});

const reveal = () => {
  for (const element of byId("comments")?.querySelectorAll("[data-needs-script]") ?? []) element.hidden = false;
};
document.addEventListener("htmx:afterSwap", reveal);
document.addEventListener("desk:shown", () => { passage = null; reveal(); });
reveal();
