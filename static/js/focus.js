// A part that is swapped takes away what had the focus in it: a keyboard would begin again at the top of the page, every
// second where a part is polled. htmx gives the focus back to an element with the same id; whatever else had it hands it
// to what stands in its place: the same link, button or field of the fresh part, or else the part itself.

const LANDED = "data-landed";
let lost = null; // what had the focus in the part that is being swapped

// Told apart by what it does, not by where it stands; figures in a label may have changed meanwhile.
function marksOf(element) {
  const { tagName: tag, name, value, form } = element;
  const label = element.textContent.replace(/\d+/g, "").trim();
  const marks = [`${tag} says ${label}`];
  if (form?.action) marks.unshift(`${tag} sends ${name} ${value} to ${form.action}`);
  if (element.hasAttribute("href")) marks.unshift(`${tag} leads to ${element.getAttribute("href")}, says ${label}`);
  return marks;
}

function remember({ detail }) {
  const held = document.activeElement;
  const part = detail.target;
  lost = detail.shouldSwap && held && held !== document.body && part?.id && part.contains(held) && !held.id
    ? { part: part.id, tag: held.tagName, marks: marksOf(held), paged: Boolean(held.closest(".pager")) } : null;
}

function successor(part) {
  if (lost.paged) return part.querySelector(".scroll[tabindex]") ?? part; // the next page is read from its first row
  const same = [...part.querySelectorAll(lost.tag)].filter((element) => element.getClientRects().length);
  for (const mark of lost.marks) {
    const found = same.find((element) => marksOf(element).includes(mark));
    if (found) return found;
  }
  return part;
}

function give() {
  const part = lost && document.getElementById(lost.part);
  const held = document.activeElement;
  if (part && (!held || held === document.body)) {
    const next = successor(part);
    if (next === part && !part.hasAttribute("tabindex")) { part.tabIndex = -1; part.setAttribute(LANDED, ""); }
    next.focus({ preventScroll: true });
  }
  lost = null;
}

// A form that came back with something wrong begins there, however far down that is.
function correct() {
  const held = document.activeElement;
  const wrong = document.querySelector("main:not(.desk) .field [aria-invalid=true]") ?? document.querySelector("main:not(.desk) [data-refused]");
  if (!wrong || (held && held !== document.body)) return;
  if (wrong.matches("[data-refused]")) { wrong.tabIndex = -1; wrong.setAttribute(LANDED, ""); }
  const folded = wrong.closest("details");
  if (folded) folded.open = true;
  wrong.focus();
}

export function keepFocus() {
  correct();
  document.addEventListener("htmx:beforeSwap", remember);
  document.addEventListener("htmx:afterSettle", give);
}
