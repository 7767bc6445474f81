// A verdict with a reason, in a row above the buttons: Shift and the verdict's key opens it, a digit gives a common
// reason and decides, anything else is typed. Sending back always asks for one.

import { act, byId, desk, onShown } from "./desk.js";

let button = null; // the verdict that waits for its reason

function open(verdict) {
  const row = byId("why");
  if (!row || !verdict) return;
  button = verdict;
  const word = button.querySelector("[data-label]")?.textContent ?? "";
  byId("why-h").textContent = byId("why-h").dataset.because.replace("{verdict}", word);
  for (const one of row.querySelectorAll("[data-why]")) one.hidden = one.dataset.why !== button.value;
  row.hidden = false;
  byId("why-text").value = "";
  (row.querySelector("[data-why]:not([hidden])") ?? byId("why-text")).focus();
}

function close() {
  const row = byId("why");
  if (row) row.hidden = true;
  button?.focus();
}

function decide(reason) {
  const verdict = button;
  const field = desk.form.elements.reason;
  if (!reason.trim() || !verdict || !field) { byId("why-text").focus(); return; }
  field.value = reason;
  byId("why").hidden = true;
  verdict.dataset.reasoned = "1";
  verdict.click();
}

act("why", () => open(document.querySelector(".verdict [value=accept]")));
act("because", () => decide(byId("why-text").value));
act("no-reason", close);
document.addEventListener("click", (event) => {
  const one = event.target.closest?.("[data-why]");
  if (one) { decide(one.dataset.reason); return; }
  const verdict = event.target.closest?.(".verdict [name=decision][data-needs-reason]");
  if (!verdict || verdict.dataset.reasoned || desk?.form.elements.reason?.value.trim()) return;
  event.preventDefault();
  event.stopPropagation();
  open(verdict);
}, true);
document.addEventListener("keydown", (event) => {
  if (event.target.id === "why-text" && event.key === "Enter" && !event.isComposing && event.keyCode !== 229) {
    event.preventDefault();
    decide(event.target.value);
  }
});
// Shift and a verdict's key: the same verdict, with a reason.
document.addEventListener("desk:reason", (event) => open(event.detail));
onShown(() => { button = null; });
