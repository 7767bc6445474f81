// Findings beside the text they speak of: marks under the text area, walking by key, fixes.

import { paint, unitAt } from "./marks.js";
import { act, byId, desk, onChecked, onShown, onTyped, replaceText } from "./desk.js";

export const findings = () => [...document.querySelectorAll("#findings .finding")];
export const openErrors = () => findings().filter((finding) => finding.classList.contains("error"));
const current = () => findings().find((finding) => finding.hasAttribute("aria-current"));

function spansOf(path) {
  return findings()
    .filter((finding) => finding.dataset.path === path)
    .map(({ dataset }) => ({
      severity: dataset.severity,
      start: dataset.start === "" ? null : Number(dataset.start),
      end: Number(dataset.end),
    }));
}

export function mark() {
  for (const mirror of desk.form.querySelectorAll(".mirror")) {
    const area = mirror.parentElement.querySelector("textarea");
    paint(mirror, area.value, spansOf(mirror.dataset.path));
  }
  const errors = openErrors().length;
  const badge = byId("errors-open");
  if (badge) {
    badge.hidden = !errors;
    badge.textContent = errors ? byId("findings").dataset.open : "";
  }
  const summary = byId("findings")?.dataset.summary ?? "";
  const live = byId("findings-said");
  if (live && live.textContent !== summary) live.textContent = summary;
}

export function point(finding) {
  for (const other of findings()) other.removeAttribute("aria-current");
  finding?.setAttribute("aria-current", "true");
  finding?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = findings();
  if (!all.length) return;
  const at = all.findIndex((finding) => finding.hasAttribute("aria-current"));
  point(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length]);
}

const own = (path) => desk.form.querySelector(`textarea[data-path="${CSS.escape(path)}"]:not([readonly])`);
export const areaOf = (path) => own(path) ?? desk.answer;

function enter(finding) {
  const area = finding ? areaOf(finding.dataset.path) : desk.answer;
  area.closest("details:not([open])")?.setAttribute("open", "");
  area.focus();
  if (finding && finding.dataset.start !== "") {
    area.setSelectionRange(unitAt(area.value, Number(finding.dataset.start)), unitAt(area.value, Number(finding.dataset.end)));
  }
}

// Fixes of one text at once, as one step for the browser's undo: those that do not touch, from the left.
function fixAll() {
  const byArea = new Map();
  for (const { dataset } of document.querySelectorAll("#findings [data-fix]")) {
    const area = own(dataset.path);
    if (!area) continue;
    const [from, to] = [dataset.start, dataset.end].map((point) => unitAt(area.value, Number(point)));
    byArea.set(area, [...byArea.get(area) ?? [], { from, to, text: dataset.replacement }]);
  }
  const focused = document.activeElement;
  for (const [area, fixes] of byArea) {
    fixes.sort((one, other) => one.from - other.from || other.to - one.to);
    let text = "";
    const start = fixes[0].from;
    let at = start;
    let last = null;
    for (const { from, to, text: put } of fixes) {
      if (last && (from < last.to || (from === last.to && from === to))) continue; // asked for again after these
      text += area.value.slice(at, from) + put;
      at = to;
      last = { to };
    }
    replaceText(area, start, at, text);
  }
  if (!focused?.matches("textarea")) document.activeElement?.blur();
}

function fix(button) {
  const area = areaOf(button.dataset.path);
  const typing = document.activeElement === area;
  replaceText(area, unitAt(area.value, Number(button.dataset.start)), unitAt(area.value, Number(button.dataset.end)), button.dataset.replacement);
  if (!typing) area.blur();
}

act("edit", () => enter(current() ?? findings()[0]));
act("leave", () => document.activeElement?.blur());
act("next", () => step(1));
act("previous", () => step(-1));
// Where none is pointed at, the first that has a fix is meant.
act("fix", () => (current() ?? byId("findings"))?.querySelector("[data-fix]")?.click());
act("reset", (button) => replaceText(desk.answer, 0, desk.answer.value.length, button.dataset.original));

document.addEventListener("click", (event) => {
  const fixing = desk && event.target.closest("[data-fix]");
  // A text that is only shown has no field to type into: the server writes the fix, as it does without this script.
  if (fixing && own(fixing.dataset.path)) { event.preventDefault(); fix(fixing); }
  const all = desk && event.target.closest("[data-fix-all]");
  if (all) { event.preventDefault(); fixAll(); }
});
onShown(mark);
onTyped(mark);
onChecked(mark);
