// Saving and deciding without a page load. What is sent carries the revision it was typed on and an id of its own, so it
// is sent again without harm until somebody answers.

import * as drafts from "./drafts.js";
import { Away, SignedOut, SomebodyElse, again, ask, onceBack } from "./asking.js";
import { check, hush } from "./checking.js";
import { choice, clock, desk, newId, onShown, onTyped, parse, replaceParts, saved, say, sent, word } from "./desk.js";
import { mark, openErrors, point } from "./findings.js";
import { flush, hold, leave, resume, settled } from "./keeping.js";
import { answered, inOrder, isUnderWay } from "./order.js";
import { takeAhead } from "./prefetch.js";
import { took } from "./timing.js";
import { tellSaved } from "./windows.js";

const SETTLE = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 350; // so that the choice is seen
const SAVED_PARTS = ["cap", "rejected", "findings", "diff", "tokens", "requirements", "characters", "queue", "history"];
const RAIL = ["progress", "queue", "undo", "undo-last"];

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

function put(main, verdict, { title, className, url }) {
  document.querySelector("main").replaceWith(main);
  document.querySelector(".verdict")?.remove();
  if (verdict) main.after(verdict);
  document.body.className = className;
  document.title = title;
  if (url && url !== location.href) history.pushState({ desk: true }, "", url);
}

/** Another page in the place of this one, without a page load. */
export function show(page, url) {
  const main = page.querySelector("main");
  if (!main) { location.assign(url); return; }
  const verdict = page.querySelector(".verdict");
  put(document.importNode(main, true), verdict && document.importNode(verdict, true), { title: page.title, className: page.body.className, url });
  scrollTo(0, 0);
  window.htmx?.process(document.body);
  document.dispatchEvent(new CustomEvent("desk:shown"));
  const heading = document.querySelector("main h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
}

// The next sample before the server has answered: the present one is put aside whole, text, caret and all.
function goAhead() {
  const next = takeAhead();
  if (!next) return null;
  const aside = {
    main: document.querySelector("main"), verdict: document.querySelector(".verdict"), next,
    page: { title: document.title, className: document.body.className, url: location.href },
  };
  show(next.page, new URL(next.url, location).href);
  aside.desk = desk;
  return aside;
}

function comeBack(aside) {
  put(aside.main, aside.verdict, aside.page);
  document.dispatchEvent(new CustomEvent("desk:shown"));
}

const send = (button) => inOrder((order) => deliver(button, order)); // true when a verdict was taken

async function deliver(button, { before, first }) {
  const here = desk;
  const { form } = here;
  const deciding = button?.name === "decision";
  const action = button?.getAttribute("formaction") ?? form.getAttribute("action");
  const text = drafts.textOf(form);
  const held = form.contains(document.activeElement) ? document.activeElement : null;
  here.stop?.();
  here.busy = true;
  // Nobody types into what is decided, nor into fields that get other names: it would be gone with the answer.
  form.inert = deciding || Boolean(here.restructured);
  hush();
  hold();
  if (here.dirty) here.kept = drafts.keep(form, here.draft.sequence) || here.kept;
  const body = new FormData(form, button);
  body.set("took", took());
  if (deciding) button.setAttribute("aria-pressed", "true");
  say(word("saySending"));
  const request = before.then(() => ask(action, body)).then(async (answer) => ({ answer, page: parse(await answer.text()) }));
  let aside = null;
  try {
    const settle = pause(deciding ? SETTLE : 0);
    const early = await Promise.race([request.then(() => true), settle.then(() => false)]);
    if (early) await settle;
    else if (deciding && first) aside = goAhead(); // one ahead: what comes to nothing has one place to come back to
    const { answer, page } = await request;
    if (answer.ok) await taken(here, { answer, page, deciding, aside, text });
    else {
      if (aside) comeBack(aside);
      if (here === desk && answer.status === 409) show(page, "");
      else if (here === desk) refused(page);
    }
    here.tries = 0;
    return answer.ok && deciding;
  } catch (error) {
    if (aside) comeBack(aside);
    failed(here, error, button);
    return false;
  } finally {
    here.busy = false;
    form.inert = false;
    if (here === desk && held?.isConnected && document.activeElement === document.body) held.focus({ preventScroll: true });
    button?.removeAttribute("aria-pressed");
  }
}

async function taken(here, { answer, page, deciding, aside, text }) {
  if (!deciding) { sent({ deciding, answer, page }); stay(page, text); tellSaved(here); return; }
  here.draft.over = true;
  settled(here, true);
  here.dirty = false;
  tellSaved(here);
  sent({ deciding, answer, page });
  if (desk !== (aside?.desk ?? here)) { await notShown(page); return; } // the person is elsewhere by now
  if (!aside) show(page, answer.url);
  else if (isOpen(page)) replaceParts(page, RAIL);
  else if (!desk?.dirty && !desk?.busy) show(page, answer.url); // what was fetched ahead is not what there is now
  else await notShown(page);
}

// What was given to the person and never came before their eyes waits for its turn again.
async function notShown(page) {
  const { letGo, sample } = page.querySelector("#sample-form")?.dataset ?? {};
  if (!letGo || sample === desk?.form.dataset.sample) return;
  const body = new FormData();
  body.set("csrfmiddlewaretoken", page.querySelector("#sample-form").elements.csrfmiddlewaretoken.value);
  await ask(letGo, body).catch(() => {}); // else the lease runs out
}

// Whether the page is of the sample that is open, as it is.
function isOpen(page) {
  const fresh = page.querySelector("#sample-form");
  const now = desk?.form;
  return Boolean(fresh && now) && ["sample", "drafted"].every((name) => fresh.dataset[name] === now.dataset[name])
    && fresh.elements.base_revision.value === now.elements.base_revision.value;
}

// Nobody answered, or not to this person. The text stays as it is, and goes out again by itself when that can work.
function failed(here, error, button) {
  if (!(error instanceof Away || error instanceof SignedOut || error instanceof SomebodyElse)) {
    say(word("sayBroken"), "error");
    throw error;
  }
  if (here !== desk) return; // decided ahead of one that came back: it waits for its turn again, and keeps its text
  const retry = () => { here.stop?.(); if (here === desk && !here.busy) send(button); };
  here.tries = (here.tries ?? 0) + 1;
  if (error instanceof Away) {
    here.stop = again(retry, here.tries);
    say(word("sayFailed"), "error", choice(word("sayTryNow"), retry));
  } else {
    here.stop = onceBack(retry);
    say(word(error instanceof SignedOut ? "saySignedOut" : "saySomeoneElse"), "error", choice(word("saySignIn"), here.form.dataset.signIn));
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
  const base = page.querySelector("#sample-form [name=base_revision]")?.value;
  const moved = Boolean(base) && base !== desk.form.elements.base_revision.value; // the text is saved, the verdict not
  if (desk.restructured && moved) {
    desk.dirty = false;
    saved({ same: true, page });
    show(page, "");
    say(problem || word("sayBroken"), "error");
    return;
  }
  if (problem) goOnFrom(page);
  if (moved) { settled(desk, true); desk.dirty = false; }
  else resume();
  say(problem || word("sayBroken"), "error");
}

function stay(page, text) {
  goOnFrom(page);
  const same = drafts.textOf(desk.form) === text;
  if (desk.restructured) { // its fields are called by the places of turns, and those are others now
    desk.dirty = false;
    saved({ same: true, page });
    show(page, "");
    say(word("saySaved", { time: clock(Date.now()) }), "ok");
    return;
  }
  replaceParts(page, same ? SAVED_PARTS : ["cap", "history"]);
  desk.dirty = !same;
  document.getElementById("draft-notice")?.remove();
  saved({ same, page });
  say(word("saySaved", { time: clock(Date.now()) }), "ok");
}

async function submitted(event) {
  event.preventDefault();
  if (desk.busy) return;
  const button = event.submitter;
  if (button?.name !== "decision" && "apart" in desk.form.dataset) { flush(); return; } // one's own version until the verdict
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

// Taking a decision back opens its sample, without a page load. What is typed on this one is kept.
async function takeBack(event) {
  const form = event.target;
  if (!desk || !form.matches("[data-undo]")) return;
  event.preventDefault();
  if (isUnderWay() && form.id === "undo-last") { // the last is the one that is on its way: the form still names the one before
    if (await answered()) document.getElementById("undo-last")?.requestSubmit();
    return;
  }
  if (!desk.busy && !form.querySelector("[aria-disabled]")) inOrder(({ before }) => reopen(form, before));
}

async function reopen(form, before) {
  const here = desk;
  const body = new FormData(form);
  here.busy = true;
  leave();
  try {
    await before;
    if (here !== desk) return false; // a verdict came to nothing, and its sample is back
    const answer = await ask(form.getAttribute("action"), body);
    const page = parse(await answer.text());
    if (answer.ok) show(page, answer.url);
    else say(page.querySelector(".notice p")?.textContent.trim() || word("sayBroken"), "warning");
  } catch {
    say(word("sayFailed"), "error", choice(word("sayTryNow"), () => form.requestSubmit()));
  } finally {
    here.busy = false;
  }
  return false;
}

document.addEventListener("submit", takeBack);
onShown(() => {
  desk.form.addEventListener("submit", submitted);
  if (desk.stale) { mark(); check(); } // a text that this browser had kept is back
});
onTyped(() => {
  desk.stop?.(); // other words: nobody asked for these to be sent
  delete document.querySelector("[data-asked]")?.dataset.asked;
});
