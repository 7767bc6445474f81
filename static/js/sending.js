// Saving and deciding without a page load, and the drafts that live until the server has the text.

import * as drafts from "./drafts.js";
import { check, hush } from "./checking.js";
import { clock, desk, newId, onSaved, onShown, onTyped, parse, replaceParts, saved, say, sent, word } from "./desk.js";
import { mark, openErrors, point } from "./findings.js";
import { addTurn } from "./turns.js";

const SETTLE = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 350; // so that the choice is seen
const SAVED_PARTS = ["cap", "rejected", "findings", "diff", "tokens", "requirements", "characters", "queue", "history"];

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export function show(page, url) {
  const fresh = page.querySelector("main");
  if (!fresh) { location.assign(url); return; }
  document.querySelector("main").replaceWith(document.importNode(fresh, true));
  document.querySelector(".verdict")?.remove();
  const verdict = page.querySelector(".verdict");
  if (verdict) document.querySelector("main").after(document.importNode(verdict, true));
  document.body.className = page.body.className;
  document.title = page.title;
  if (url && url !== location.href) history.pushState({ desk: true }, "", url);
  scrollTo(0, 0);
  window.htmx?.process(document.body);
  document.dispatchEvent(new CustomEvent("desk:shown"));
  const heading = document.querySelector("main h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
}

async function send(button) {
  const { form } = desk;
  const deciding = button?.name === "decision";
  desk.busy = true;
  hush();
  drafts.keep(form);
  const before = JSON.stringify(drafts.fieldsOf(form));
  const action = button?.getAttribute("formaction") ?? form.getAttribute("action");
  if (deciding) button.setAttribute("aria-pressed", "true");
  say(word("saySending"));
  try {
    const [answer] = await Promise.all([
      fetch(action, { method: "POST", body: new FormData(form, button) }),
      pause(deciding ? SETTLE : 0),
    ]);
    const page = parse(await answer.text());
    if (page.querySelector("input[type=password]")) say(word("saySignedOut"), "error");
    else if (answer.status === 409) show(page, "");
    else if (answer.ok) {
      sent({ deciding, answer, page });
      if (deciding) { drafts.forget(form); show(page, answer.url); return; }
      stay(page, before);
    } else refused(page);
  } catch {
    say(word("sayFailed"), "error");
  } finally {
    if (desk) desk.busy = false;
    button?.removeAttribute("aria-pressed");
  }
}

// The text may have been saved before the verdict was refused: the form goes on from the revision that the answer names.
function goOnFrom(page) {
  const base = page.querySelector("#sample-form [name=base_revision]")?.value;
  if (base) desk.form.elements.base_revision.value = base;
  desk.form.elements.client_id.value = newId();
}

function refused(page) {
  const notice = page.querySelector("[data-problem]");
  notice?.querySelector(".sev")?.remove(); // the sign's own word: the status line has no sign
  const problem = notice?.textContent.trim();
  if (problem) goOnFrom(page);
  drafts.keep(desk.form);
  say(problem || word("sayFailed"), "error");
}

function stay(page, before) {
  goOnFrom(page);
  const same = JSON.stringify(drafts.fieldsOf(desk.form)) === before;
  replaceParts(page, same ? SAVED_PARTS : ["cap", "history"]);
  desk.dirty = !same;
  if (same) drafts.forget(desk.form);
  else drafts.keep(desk.form);
  saved({ same, page });
  say(word("saySaved", { time: clock(Date.now()) }), "ok");
}

async function submitted(event) {
  event.preventDefault();
  if (desk.busy) return;
  const button = event.submitter;
  if (button?.value === "accept" && desk.stale) {
    // Accepted faster than the checks answer: hear them first, so that nobody is stopped by an error just corrected.
    desk.busy = true;
    clearTimeout(desk.timer);
    await check();
    desk.busy = false;
  }
  const [error] = openErrors();
  // Alive, and helpful: the first press leads to the error, the second means it.
  if (button?.value === "accept" && error && !button.dataset.asked) {
    button.dataset.asked = "1";
    point(error);
    say(word("sayOpenErrors"), "warning");
    return;
  }
  send(button);
}

function restoreDraft() {
  const draft = drafts.read(desk.form);
  for (const name of Object.keys(draft?.fields ?? {})) {
    const key = /^(n\w{8})-text$/.exec(name)?.[1];
    if (key && !desk.form.elements[name]) addTurn(key);
  }
  const at = drafts.restore(desk.form);
  if (at === null) return;
  desk.dirty = true;
  say(word("sayRestored", { time: clock(at) }), "warning");
  mark();
  check();
}

onShown(() => {
  desk.form.addEventListener("submit", submitted);
  restoreDraft();
});
onTyped(() => {
  const kept = drafts.keep(desk.form);
  desk.kept = kept;
  delete document.querySelector("[data-asked]")?.dataset.asked;
  say(kept ? word("sayKept", { time: clock(Date.now()) }) : word("sayUnkept"), kept ? "" : "warning");
});
onSaved(mark);
addEventListener("beforeunload", (event) => { if (desk?.dirty && !desk.kept) event.preventDefault(); });
