// Two people edited one text: each choice writes the result again; what is typed into the result itself stays.

import { keep } from "./drafts.js";

function compose(panel) {
  const area = document.getElementById(panel.dataset.result);
  let text = "";
  for (const piece of panel.querySelectorAll("[data-piece]")) {
    const chosen = piece.querySelector("input:checked");
    text += chosen ? chosen.dataset.text : piece.dataset.text ?? "";
  }
  area.value = text;
}

function setUp() {
  for (const panel of document.querySelectorAll("[data-merge]")) {
    if (panel.dataset.ready) continue;
    panel.dataset.ready = "1";
    panel.hidden = false;
    panel.addEventListener("change", () => compose(panel));
  }
}

// The merged text takes the place of the draft that led here: if the save fails it is still there, on the right base.
document.addEventListener("submit", (event) => {
  if (event.target.id === "merge") keep(event.target);
});

// Dropping mine drops the copy that this browser kept of it, too.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-drop-draft]");
  if (!link) return;
  try {
    localStorage.removeItem(`ftstudio:draft:${link.dataset.dropDraft}`);
  } catch {
    /* storage is switched off: nothing was kept */
  }
});

document.addEventListener("desk:shown", setUp);
setUp();
