// Two people edited one text: each choice writes the result again; what is typed into the result itself stays, and is
// kept in this browser like any other unsaved text until the merged one is saved.

import * as drafts from "./drafts.js";
import { Away, SignedOut, again, ask, onceBack } from "./asking.js";
import { choice, parse, say } from "./desk.js";
import { show } from "./sending.js";

function compose(panel) {
  const area = document.getElementById(panel.dataset.result);
  let text = "";
  for (const piece of panel.querySelectorAll("[data-piece]")) {
    const chosen = piece.querySelector("input:checked");
    text += chosen ? chosen.dataset.text : piece.dataset.text ?? "";
  }
  area.value = text;
}

function keep(form) {
  const sequence = Math.max(Date.now(), Number(form.elements.draft.value) + 1);
  form.elements.draft.value = sequence; // the save settles every draft up to this one
  drafts.keep(form, sequence);
}

async function send(form, button) {
  const { dataset } = form;
  keep(form);
  form.busy = true;
  say(dataset.saySending);
  try {
    const answer = await ask(form.getAttribute("action"), new FormData(form, button));
    const page = parse(await answer.text());
    if (answer.ok) drafts.forgetUpTo(form, Number(form.elements.draft.value));
    if (answer.ok || answer.status === 409) show(page, answer.ok ? answer.url : "");
    else say(page.querySelector("[data-problem]")?.textContent.trim() || dataset.sayBroken, "error");
  } catch (error) {
    let stop = () => {};
    const retry = () => { stop(); if (form.isConnected) send(form, button); };
    const away = error instanceof Away;
    stop = away ? again(retry, (form.tries = (form.tries ?? 0) + 1)) : onceBack(retry);
    if (away) say(dataset.sayFailed, "error", choice(dataset.sayTryNow, retry));
    else say(error instanceof SignedOut ? dataset.saySignedOut : dataset.saySomeoneElse, "error", choice(dataset.saySignIn, dataset.signIn));
  } finally {
    form.busy = false;
  }
}

// The keys are those of one place at a time: the one after the last that was chosen for.
const hunks = () => [...document.querySelectorAll("#merge .hunk")];

function goTo(hunk) {
  for (const other of hunks()) {
    other.toggleAttribute("data-keys-first", other === hunk);
    if (other === hunk) other.setAttribute("aria-current", "true");
    else other.removeAttribute("aria-current");
  }
  hunk?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = hunks();
  const at = all.findIndex((hunk) => hunk.hasAttribute("aria-current"));
  goTo(all[Math.min(Math.max(at + by, 0), all.length - 1)]);
}

document.addEventListener("click", (event) => {
  const walking = event.target.closest?.("[data-hunk]");
  if (walking) step(Number(walking.dataset.hunk));
  const hunk = event.target.matches?.("#merge .hunk input") && event.target.closest(".hunk");
  if (hunk) { goTo(hunk); step(1); }
});

function setUp() {
  goTo(hunks()[0]);
  for (const panel of document.querySelectorAll("[data-merge]")) {
    if (panel.dataset.ready) continue;
    panel.dataset.ready = "1";
    panel.hidden = false;
    panel.addEventListener("change", () => compose(panel));
  }
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("#merge");
  if (form) keep(form);
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.id !== "merge") return;
  if (event.submitter?.matches("[data-drop]")) { drafts.forgetUpTo(form, Infinity); return; } // mine is not wanted
  event.preventDefault();
  if (!form.busy) send(form, event.submitter);
});
document.addEventListener("desk:shown", setUp);
setUp();
