// Turns beside the answer: adding them.

import { act, byId, desk, newId, onShown } from "./desk.js";

export function addTurn(key = `n${newId().slice(0, 8)}`) {
  const template = byId("turn-template");
  const before = byId("turn-add");
  if (!template || !before) return;
  const holder = document.createElement("div");
  holder.innerHTML = template.innerHTML.replaceAll("__KEY__", key);
  before.before(...holder.children);
  desk.form.querySelector(`[name="${key}-text"]`)?.focus();
}

act("turn", () => addTurn());
onShown(() => { desk.form.querySelector("[data-blank]")?.remove(); }); // the empty turn is for those without this script
