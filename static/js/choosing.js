// Choosing: one of two answers, or one of a closed set of labels. The first press chooses, the same key again accepts;
// who has said so in the preferences accepts at once.

import { act, byId, desk, onShown, onTyped, replaceText, say, typed } from "./desk.js";

const pair = () => desk?.form.querySelector("[data-pair]");
const panes = () => [...pair().querySelectorAll(".rival")];
const accept = () => document.querySelector(".verdict button[value=accept]")?.click();
const atOnce = () => "atOnce" in desk.form.dataset;

// The pane that won is edited; its text is the answer, wherever it came from, so the checks speak of it.
function win(pane) {
  const [path] = panes().map((one) => one.querySelector(".editor textarea")?.dataset.answer).filter(Boolean);
  for (const one of panes()) {
    const won = one === pane;
    one.classList.toggle("won", won);
    const area = one.querySelector(".editor textarea");
    if (!area) continue;
    if (!won) one.querySelector(".shown").textContent = area.value;
    for (const element of [area, area.parentElement.querySelector(".mirror")]) element.dataset.path = won ? path : "";
    if (won) desk.answer = area;
  }
}

function chosen(event) {
  const pane = event.target.closest(".rival");
  const again = pane.classList.contains("won");
  if (!again) { win(pane); typed(); }
  if (again || atOnce()) accept();
}

onShown(() => {
  if (!pair()) return;
  pair().classList.add("scripted");
  byId("answer")?.setAttribute("data-answer", byId("answer").dataset.path);
  pair().addEventListener("click", (event) => { if (event.target.matches("[type=radio]")) chosen(event); });
  const won = pair().querySelector(".rival.won");
  if (won) win(won);
});

// Accepting asks which one first.
document.addEventListener("click", (event) => {
  if (!pair() || !event.target.closest(".verdict button[value=accept]")) return;
  if (pair().querySelector(".rival.won")) return;
  event.preventDefault();
  event.stopPropagation();
  say(pair().dataset.ask, "warning");
  pair().querySelector("[type=radio]").focus();
}, true);

// Labels.
const buttons = () => [...document.querySelectorAll("[data-act=label]")];

function told() {
  if (!buttons().length || !desk.answer) return;
  for (const button of buttons()) button.setAttribute("aria-pressed", String(button.dataset.text === desk.answer.value));
}

function label(button) {
  if (desk.answer.value === button.dataset.text) { accept(); return; }
  const held = document.activeElement;
  replaceText(desk.answer, 0, desk.answer.value.length, button.dataset.text);
  desk.answer.blur();
  if (held?.matches("#label-search")) held.focus();
  told();
  if (atOnce()) accept();
}

function narrow(search) {
  const words = search.value.trim().toLowerCase();
  let first = null;
  for (const button of buttons()) {
    button.hidden = !button.dataset.text.toLowerCase().includes(words);
    button.classList.remove("first");
    if (!button.hidden) first ??= button;
  }
  if (words) first?.classList.add("first");
  return first;
}

act("label", label);
onShown(() => {
  told();
  const search = byId("label-search");
  search?.addEventListener("input", (event) => { event.stopPropagation(); narrow(search); });
  search?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    const first = narrow(search);
    if (!first) return;
    search.value = "";
    narrow(search);
    label(first);
    search.blur();
  });
});
onTyped(told);
