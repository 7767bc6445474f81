// Turns beside the answer: added anywhere, taken away, moved, split at the caret, merged, put back to what they were.
// The order of the sections is the order that is sent; a turn that is taken away stays in sight, struck, until it is
// saved. A save that changed the turns themselves shows the page anew, because its fields are called by their places.

import { act, byId, desk, newId, onShown, onTyped, replaceText, say, typed, word } from "./desk.js";

const sections = () => [...desk.form.querySelectorAll("[data-turn]")];
const sectionOf = (element) => element.closest("[data-turn]");
const isAnswer = (section) => section.classList.contains("right");
const boxOf = (section) => section.querySelector(":scope > .who [data-removes]");
const stands = (section) => !boxOf(section)?.checked;
const areaOf = (section) => section.querySelector("textarea[name$='-text']:not([readonly])");
const fieldsOf = (section) => [...section.querySelectorAll("textarea[name], select[name], input[name]:not([type=hidden], [type=file])")];

/** The form's fields are not called by their places any more: after the next save they are made anew. */
export function restructured() {
  desk.restructured = true;
  typed();
}

export function addTurn({ place = byId("turn-add"), where = "before", key = `n${newId().slice(0, 8)}`, role = "", text = "" } = {}) {
  const template = byId("turn-template");
  if (!template || !place) return null;
  const holder = document.createElement("div");
  holder.innerHTML = template.innerHTML.replaceAll("__KEY__", key);
  const section = holder.querySelector("[data-turn]");
  for (const element of section.querySelectorAll("[data-needs-script]")) element.hidden = false;
  for (const element of section.querySelectorAll("[data-blank], [data-scriptless]")) element.remove();
  place[where](section);
  const area = areaOf(section);
  area.value = text;
  if (role) section.querySelector("select[name$='-role']").value = role;
  area.focus();
  area.setSelectionRange(0, 0);
  restructured();
  return section;
}

function take(section) { // away
  if ("new" in section.dataset) section.remove();
  else if (boxOf(section)) boxOf(section).checked = true;
}

function move(section, by) {
  const all = sections().filter((one) => !isAnswer(one));
  const other = all[all.indexOf(section) + by];
  if (!other) return;
  const focused = document.activeElement;
  if (by < 0) other.before(section);
  else other.after(section);
  focused?.focus(); // an element that is moved loses it
  section.scrollIntoView({ block: "nearest" });
  restructured();
}

function split(section) {
  const area = areaOf(section) ?? (isAnswer(section) ? desk.answer : null);
  const at = area?.selectionStart ?? 0;
  if (!area || area.readOnly || at === 0 || at >= area.value.length) { say(word("saySplit"), "warning"); area?.focus(); return; }
  const [before, after] = [area.value.slice(0, at).trimEnd(), area.value.slice(at).trimStart()];
  const role = section.querySelector("select[name$='-role']")?.value ?? "assistant";
  replaceText(area, 0, area.value.length, isAnswer(section) ? after : before);
  if (isAnswer(section)) addTurn({ role, text: before });
  else addTurn({ place: section, where: "after", role, text: after });
}

function merge(section) {
  const all = sections().filter(stands);
  const next = all[all.indexOf(section) + 1];
  const [own, other] = [areaOf(section), next && areaOf(next)];
  const gone = next && isAnswer(next) ? section : next; // the answer stays the answer
  if (!own || !other || gone.querySelector("[data-call], [data-part]")) { say(word("sayMerge"), "warning"); return; }
  if (gone === section) replaceText(other, 0, 0, `${own.value}\n`);
  else replaceText(own, own.value.length, own.value.length, `\n${other.value}`);
  take(gone);
  restructured();
}

function reset(section) {
  for (const field of fieldsOf(section)) {
    if (field.matches("select")) for (const option of field.options) option.selected = option.defaultSelected;
    else if (field.matches("[type=checkbox]")) field.checked = field.defaultChecked;
    else {
      const was = field.dataset.was ?? field.defaultValue;
      if (field.value === was) continue;
      if (field.matches("textarea")) replaceText(field, 0, field.value.length, was);
      else field.value = was;
    }
  }
  typed();
}

function ownPrompt() {
  addTurn({ place: desk.form.querySelector(".inherited"), where: "after", role: "system", text: byId("prompt").textContent });
}

// Findings come with the places that the texts will have.
function place() {
  let at = 0;
  for (const section of sections()) {
    const texts = [...section.querySelectorAll("textarea[name]")];
    if (!stands(section) || ("new" in section.dataset && !texts.some((area) => area.value.trim()))) continue;
    for (const part of ["content", "reasoning"]) {
      for (const element of section.querySelectorAll(`[data-path$="/${part}"]`)) element.dataset.path = `/messages/${at}/${part}`;
    }
    let nth = 0;
    for (const call of section.querySelectorAll("[data-call]")) {
      if (call.querySelector("[data-removes]").checked) continue;
      for (const element of call.querySelectorAll("[data-path]")) element.dataset.path = `/messages/${at}/tool_calls/${nth}/arguments`;
      nth += 1;
    }
    at += 1;
  }
}

act("turn", () => addTurn());
act("turn-below", (button) => addTurn({ place: sectionOf(button), where: "after" }));
act("turn-up", (button) => move(sectionOf(button), -1));
act("turn-down", (button) => move(sectionOf(button), 1));
act("turn-split", (button) => split(sectionOf(button)));
act("turn-merge", (button) => merge(sectionOf(button)));
act("turn-reset", (button) => reset(sectionOf(button)));
act("own-prompt", ownPrompt);

onTyped(place);
onShown(() => {
  // What is for those without this script: empty turns to fill in, places by number.
  for (const element of desk.form.querySelectorAll("[data-blank], [data-scriptless]")) element.remove();
  desk.form.addEventListener("change", (event) => { if (event.target.matches("[data-removes]")) desk.restructured = true; });
  desk.form.addEventListener("input", (event) => { if (event.target.matches("input[type=text]:not([name=reason])") && !event.isComposing) typed(); });
  place();
});
