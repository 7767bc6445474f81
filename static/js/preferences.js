// Choosing a key by pressing it. Tab, Shift and Escape keep their own meaning, so that the page stays a page.

import { keyOf } from "./keys.js";

document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("[data-key-input]");
  if (!field || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (/^(Tab|Shift|Escape|CapsLock|Dead|Process)$/.test(event.key)) return;
  event.preventDefault();
  field.value = keyOf(event);
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
});
