// How long the person has really worked at the sample: only while the page is looked at, and never longer than a minute
// after the last sign of life.

import { desk, onShown } from "./desk.js";

const IDLE = 60_000; // ms
const spent = new WeakMap(); // desk → ms
let since = null; // when the present stretch began
let alive = 0; // the last sign of life

const now = () => performance.now();

function close() {
  if (since !== null && desk) spent.set(desk, (spent.get(desk) ?? 0) + Math.max(0, Math.min(now(), alive + IDLE) - since));
  since = null;
}

function sign() {
  if (document.hidden || !desk) return;
  if (since === null || now() - alive > IDLE) { close(); since = now(); }
  alive = now();
}

/** Milliseconds of work at the open sample so far. */
export function took() {
  close();
  sign();
  return Math.round(spent.get(desk) ?? 0);
}

export const awake = () => !document.hidden && now() - alive < IDLE;

for (const kind of ["keydown", "pointerdown", "pointermove", "wheel", "input"]) addEventListener(kind, sign, { passive: true, capture: true });
document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else sign(); });
onShown(() => { since = null; sign(); });
