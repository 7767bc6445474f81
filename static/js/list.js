// The list of samples by keyboard and mouse: Shift+↓ previews, arrows go on, Enter opens, Esc closes, x or Space ticks.
// The preview stands beside the list; the list itself keeps its place, its ticks and its focus.

import { isTyping } from "./keys.js";

const rows = () => [...document.querySelectorAll("[data-list] [data-row]")];
const pane = () => document.getElementById("pane");
const isOpen = () => pane() && !pane().hidden;
let at = -1;

function mark(row) {
  for (const other of rows()) other.toggleAttribute("data-current", other === row);
  at = rows().indexOf(row);
  row.scrollIntoView({ block: "nearest" });
}

function current() {
  const held = document.activeElement?.closest?.("[data-row]");
  return held ? rows().indexOf(held) : at;
}

async function preview(row) {
  mark(row);
  pane().hidden = false;
  await window.htmx.ajax("GET", row.dataset.preview, { target: "#preview", swap: "outerHTML", source: "#pane" });
  reveal(pane());
}

function close() {
  pane().hidden = true;
  rows()[at]?.querySelector("input[type=checkbox]")?.focus({ preventScroll: true });
}

function step(by, show) {
  const all = rows();
  if (!all.length) return;
  const row = all[Math.min(Math.max(current() + by, 0), all.length - 1)];
  if (show) preview(row);
  else { mark(row); row.querySelector("input[type=checkbox]")?.focus({ preventScroll: true }); }
}

function tick(row) {
  const box = row?.querySelector("input[name=at]");
  if (!box) return;
  box.checked = !box.checked;
  count();
}

function count() {
  const form = document.querySelector("[data-ticked]");
  if (!form) return;
  const boxes = rows().map((row) => row.querySelector("input[name=at]"));
  const ticked = boxes.filter((box) => box?.checked).length;
  form.hidden = !ticked;
  form.querySelector("[data-count]").dataset.n = String(ticked);
  const all = document.querySelector("[data-tick-all]");
  if (all) { all.checked = ticked === boxes.length; all.indeterminate = ticked > 0 && ticked < boxes.length; }
}

function reveal(root) {
  for (const element of root.querySelectorAll("[data-needs-script]")) element.hidden = false;
  for (const element of root.querySelectorAll("[data-noscript]")) element.hidden = true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]") || !rows().length || event.target.closest?.("details.menu[open]")) return;
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by && (event.shiftKey || isOpen())) step(by, true);
  else if ((event.key === "j" || event.key === "k") && !event.shiftKey) step(event.key === "j" ? 1 : -1, isOpen());
  else if (event.key === "Escape" && isOpen()) close();
  else if (event.key === "Enter" && at >= 0 && !event.target.closest("a, button, summary, select")) location.href = rows()[current()].dataset.open;
  else if (event.key === "x" && current() >= 0) tick(rows()[current()]);
  else if (event.key === " " && isOpen() && event.target === document.body) tick(rows()[current()]);
  else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-preview]")) return close();
  const row = event.target.closest("[data-row]");
  if (!row || event.target.closest("a, input, button, label, select") || String(getSelection())) return undefined;
  return preview(row);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-tick-all]")) {
    for (const row of rows()) row.querySelector("input[name=at]").checked = event.target.checked;
    count();
  } else if (event.target.matches("[data-row] input[name=at]")) count();
});

// What is asked beside the list begins with what the list shows now, not with what it showed when the page came.
document.addEventListener("htmx:configRequest", (event) => {
  const { elt } = event.detail;
  if (elt.matches?.("[data-here]")) event.detail.path = elt.getAttribute("href").split("?")[0] + location.search;
});

document.addEventListener("htmx:afterSettle", (event) => {
  reveal(document);
  if (event.target.id === "samples") { at = -1; count(); }
});
// Gone back to, after samples of it were worked on: the rows say what has become of them.
addEventListener("pageshow", (event) => {
  count();
  const wentBack = event.persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (wentBack && rows().length) window.htmx?.ajax("GET", location.pathname + location.search, { target: "#samples", swap: "outerHTML" });
});
reveal(document);
count();
