// Two other looks at the text: with its spaces and line ends drawn, and as it reads (the server sets Markdown and lays
// JSON out). Both stay on from sample to sample until they are switched off; neither touches the text.

import { act, desk, onChecked, onSaved, onShown, parse } from "./desk.js";
import { mark } from "./findings.js";
import { drawSpaces, nodesOf } from "./marks.js";

const on = { spaces: false, read: false };
const SHOWN = ".sheet .verbatim:not(.mirror, textarea)";
let asking = null;

function draw() {
  drawSpaces(on.spaces);
  for (const text of document.querySelectorAll(SHOWN)) {
    for (const space of text.querySelectorAll(".ws")) space.replaceWith(space.textContent);
    text.normalize();
    if (!on.spaces) continue;
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    for (const node of nodes) node.replaceWith(...nodesOf(node.data));
  }
  mark();
}

async function read() {
  asking?.abort();
  if (!on.read) { for (const old of document.querySelectorAll(".rendered")) old.remove(); return; }
  asking = new AbortController();
  const here = desk;
  try {
    const answer = await fetch(desk.form.dataset.render, { method: "POST", body: new FormData(desk.form), signal: asking.signal });
    if (!answer.ok || here !== desk) return;
    const page = parse(await answer.text());
    for (const old of document.querySelectorAll(".rendered")) old.remove();
    for (const turn of page.querySelectorAll(".rendered")) {
      const raw = desk.form.querySelector(`textarea[data-path="${turn.dataset.of}"]`)?.closest(".editor")
        ?? desk.form.querySelector(`[data-raw-of="${turn.dataset.of}"]`);
      raw?.after(document.importNode(turn, true));
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

function press() {
  for (const name of Object.keys(on)) {
    for (const button of document.querySelectorAll(`[data-act=${name}][aria-pressed]`)) button.setAttribute("aria-pressed", on[name]);
  }
}

act("spaces", () => { on.spaces = !on.spaces; press(); draw(); });
act("read", () => { on.read = !on.read; press(); read(); });
const again = () => { press(); if (on.spaces) draw(); if (on.read) read(); };
onShown(again);
onChecked(again);
onSaved(again);
