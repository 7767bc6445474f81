// The cases of an evaluation by keyboard: j and k go through them, arrows too once one has the focus, Enter opens the
// sample. At the end of a page the next one is asked for, and its first case takes the focus.

import { isTyping } from "./keys.js";

const panel = () => document.querySelector("[data-cases]");
const cases = () => [...(panel()?.querySelectorAll("article.case") ?? [])];
let land = null; // "first" or "last": where the focus goes when the next page has come

function focus(one) {
  one.focus({ preventScroll: true });
  one.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = cases();
  const here = all.indexOf(document.activeElement?.closest?.("article.case"));
  const wanted = here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by;
  if (all[wanted]) return focus(all[wanted]);
  const link = panel().querySelector(`.pager a[rel=${by > 0 ? "next" : "prev"}]`);
  if (!link) return undefined;
  land = by > 0 ? "first" : "last";
  return link.click();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (document.querySelector("dialog[open]") || !cases().length) return;
  const held = document.activeElement?.matches?.("article.case") ? document.activeElement : null;
  const by = { j: 1, k: -1, ArrowDown: held && 1, ArrowUp: held && -1 }[event.key];
  if (by) step(by);
  else if (event.key === "Enter" && held) location.href = held.dataset.open;
  else return;
  event.preventDefault();
});

document.addEventListener("htmx:afterSettle", () => {
  if (!land) return;
  const all = cases();
  const one = land === "first" ? all[0] : all.at(-1);
  land = null;
  if (one) focus(one);
});
