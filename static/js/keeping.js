// Autosave. What is typed is kept in this browser at once and on the server a second later; when the page goes, what is
// still on its way is sent with it. A server that does not answer is asked again, and the text never leaves the page.

import * as drafts from "./drafts.js";
import { Away, SignedOut, SomebodyElse, again, ask, onceBack } from "./asking.js";
import { byId, choice, clock, desk, onSaved, onShown, onTyped, parse, say, word } from "./desk.js";

const QUIET = 1000; // ms without typing before the server is told
const MOST_KEPT_ALIVE = 60_000; // bytes: a browser lets 64 kB outlive a page
const heard = [];
export const onKept = (listener) => { heard.push(listener); }; // (draft): the person typed, and it is kept here

// What is known of the open sample's draft: `sequence` of the last text, `acked` of what the server has, `replaces` of
// what it showed us, `adopted` the copy that was put back (of the sequence `back`), `elsewhere`: another window has the pen.
export const draft = () => desk.draft;

function begin() {
  const { form } = desk;
  const drafted = Number(form.dataset.drafted);
  desk.draft = { sequence: drafted, acked: drafted, replaces: drafted, adopted: null, back: 0, elsewhere: false, tries: 0, stored: drafted ? null : drafts.textOf(form) };
  desk.dirty = drafted > 0;
  drafts.forgetUpTo(form, drafted);
}

export function hold() { // nothing more is sent of this text by itself
  clearTimeout(desk.draft.timer);
  desk.draft.stop?.();
}

/** Go on keeping, after something that was sent came back. */
export function resume() {
  if (desk.draft.acked < desk.draft.sequence) later(QUIET);
}

// What is kept goes without saying where something was said meanwhile that the person has to read. What this module says
// itself gives way to the next of it.
let own = "";
function note(text, ...more) {
  own = text;
  say(text, ...more);
}
function noteQuietly(text) {
  const { tone, said } = byId("autosave")?.dataset ?? {};
  if (said === own || !["warning", "error"].includes(tone)) note(text);
}

function later(ms) {
  hold();
  const here = desk;
  here.draft.timer = setTimeout(() => send(here), ms);
}

function bodyOf({ form, draft: kept }) {
  const body = new FormData(form);
  for (const name of ["client_id", "draft", "took"]) body.delete(name);
  body.set("sequence", kept.sequence);
  body.set("window", drafts.WINDOW);
  body.set("replaces", kept.replaces);
  return body;
}

const sizeOf = (body) => [...body].reduce((sum, [name, value]) => sum + 150 + name.length + new Blob([value]).size, 0);

// Tell the server. The sentence is said only while the sample is still the open one.
export async function send(here = desk, { leaving = false } = {}) {
  const { form, draft: kept } = here;
  if (kept.acked >= kept.sequence || kept.over || kept.elsewhere) return;
  const { sequence, replaces } = kept;
  const body = bodyOf(here);
  form.elements.draft.value = sequence; // a save from here on settles this draft, wherever it is on its way
  const isNews = () => here === desk && !here.busy && kept.sequence === sequence;
  const tell = (...said) => { if (isNews()) note(...said); };
  try {
    const answer = await ask(form.dataset.draft, body, { keepalive: leaving && sizeOf(body) < MOST_KEPT_ALIVE });
    const said = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
    kept.tries = 0;
    const overtaken = said.code === "newer_draft" && said.fields.window === drafts.WINDOW; // by a later copy of ours
    // The page before this one sent it on leaving, and it arrived after this page was made: the text that is back here.
    const late = said.code === "newer_draft" && said.fields.sequence === kept.back && replaces !== kept.back;
    if (late) kept.replaces = Math.max(kept.replaces, kept.back);
    if (answer.ok || overtaken || (late && sequence === kept.back)) {
      kept.acked = Math.max(kept.acked, sequence);
      if (answer.ok) kept.replaces = said.sequence; // as the server counts it: our clock may run far ahead
      drafts.forgetUpTo(form, sequence);
      here.kept = true;
      if (isNews()) noteQuietly(word("sayOnServer", { time: clock(said.at ?? said.fields.at) }));
    } else if (late) {
      await send(here, { leaving });
    } else if (said.code === "newer_draft") {
      elsewhere(here, said.fields.sequence);
    } else if (!here.kept) {
      tell(word("sayUnkept"), "warning");
    }
  } catch (error) {
    if (!(error instanceof Away || error instanceof SignedOut || error instanceof SomebodyElse)) throw error;
    if (leaving || kept.over) return;
    const retry = () => { kept.stop?.(); send(here); };
    if (error instanceof Away) {
      kept.stop = again(retry, (kept.tries += 1));
      tell(here.kept ? word("sayAway") : word("sayUnkept"), "warning", choice(word("sayTryNow"), retry));
    } else {
      kept.stop = onceBack(retry);
      tell(word(error instanceof SignedOut ? "saySignedOut" : "saySomeoneElse"), "warning", choice(word("saySignIn"), form.dataset.signIn));
    }
  }
}

/** Another window of this person has the pen, and the server its text up to `sequence`. */
export function elsewhere(here, sequence) {
  const { draft: kept } = here;
  kept.elsewhere = true;
  kept.replaces = sequence || kept.replaces;
  if (here === desk) note(word("sayElsewhere"), "warning", choice(word("sayGoOnHere"), takeOver), choice(word("sayShowOther"), showOther));
}

function takeOver() {
  const { draft: kept } = desk;
  kept.elsewhere = false;
  kept.sequence = Math.max(Date.now(), kept.replaces + 1, kept.sequence + 1);
  kept.took = true;
  send();
  for (const listener of heard) listener(desk);
}

export function showOther() {
  drafts.forget(desk.form, desk.draft.adopted);
  desk.draft.over = true;
  desk.dirty = false;
  location.reload();
}

// Typed: kept here at once, and on the server when there is a moment's quiet.
function keep() {
  const { form, draft: kept } = desk;
  if (kept.stored !== null && drafts.textOf(form) === kept.stored) return unchanged();
  desk.dirty = true;
  kept.sequence = Math.max(Date.now(), kept.sequence + 1, kept.replaces + 1);
  desk.kept = drafts.keep(form, kept.sequence);
  if (kept.elsewhere) { elsewhere(desk, kept.replaces); return; }
  note(desk.kept ? word("sayKept", { time: clock(Date.now()) }) : word("sayUnkept"), desk.kept ? "" : "warning");
  later(QUIET);
  for (const listener of heard) listener(desk);
}

// Typed back to what is stored: there is nothing to keep.
function unchanged() {
  const { form, draft: kept } = desk;
  hold();
  drafts.forget(form, kept.adopted);
  desk.dirty = false;
  say("");
  if (form.elements.draft.value === "0") return;
  kept.acked = kept.sequence;
  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.set("sequence", kept.sequence);
  ask(`${form.dataset.draft}forget/`, body).catch(() => {}); // else it comes back with its notice, and is thrown away there
}

// Opened: the latest of what the server shows and what this browser kept.
async function open() {
  begin();
  const { form, draft: kept } = desk;
  const [copy] = drafts.copies(form);
  if (!copy || copy.sequence <= kept.sequence) return;
  if (JSON.stringify(copy.fields) === drafts.textOf(form)) { drafts.forget(form, copy.key); return; }
  const put = !byId("answer-form") && drafts.putBack(form, copy); // a form made from a schema is the server's to fill
  Object.assign(kept, { sequence: copy.sequence, adopted: copy.key });
  if (put) {
    kept.back = form.elements.draft.value = copy.sequence; // a save settles it, too, should it still be on its way
    desk.dirty = desk.stale = true;
    say(word("sayRestored", { time: clock(copy.at) }), "warning", choice(word("sayThrowAway"), throwAway));
    later(QUIET);
    return;
  }
  await sendCopy(copy); // its turns are others than the form's: only the server can make the form of it
}

async function sendCopy(copy) {
  const { form, draft: kept } = desk;
  const body = new FormData();
  for (const [name, values] of Object.entries(copy.fields)) for (const value of values) body.append(name, value);
  const more = { base_revision: copy.base, sequence: copy.sequence, window: drafts.WINDOW, replaces: kept.replaces };
  for (const [name, value] of Object.entries(more)) body.set(name, value);
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  kept.acked = copy.sequence;
  try {
    const answer = await ask(form.dataset.draft, body);
    const arrived = answer.status === 409 && (await answer.json()).fields?.sequence === copy.sequence; // sent on leaving
    if (!answer.ok && !arrived) return;
    drafts.forgetUpTo(form, copy.sequence);
    if (form === desk?.form && !desk.dirty) location.reload();
  } catch {
    say(word("sayAway"), "warning"); // it stays where it is, for the next time
  }
}

async function throwAway() {
  const { form, draft: kept } = desk;
  kept.over = true;
  hold();
  drafts.forgetUpTo(form, kept.sequence);
  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.set("sequence", kept.sequence);
  try {
    const answer = await ask(`${form.dataset.draft}forget/`, body);
    if (answer.ok) parse(await answer.text());
  } finally {
    desk.dirty = false;
    location.reload();
  }
}

/** Have the server keep what stands in the form, now. True when it has it. */
export async function flush() {
  const here = desk;
  hold();
  here.draft.stored = null;
  if (here.draft.acked >= here.draft.sequence && !here.dirty) return true;
  await send(here);
  return here.draft.acked >= here.draft.sequence;
}

/** What the form holds is saved: its copies are not needed any more. `same`: nothing was typed meanwhile. */
export function settled(here, same) {
  const { form, draft: kept } = here;
  drafts.forget(form, kept.adopted);
  kept.adopted = null;
  if (!same) { kept.stored = null; kept.sequence += 1; drafts.keep(form, kept.sequence); return; }
  kept.acked = kept.sequence;
  kept.stored = drafts.textOf(form);
}

export const leave = () => { if (desk?.draft) send(desk, { leaving: true }); };
document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); });
addEventListener("pagehide", leave);
addEventListener("beforeunload", (event) => { if (desk?.dirty && !desk.kept) event.preventDefault(); });
document.addEventListener("submit", (event) => { // the notice's own button
  if (!desk || !event.target.matches("[data-throw-away]")) return;
  event.target.elements.sequence.value = desk.draft.sequence;
  desk.draft.over = true;
  desk.kept = true;
  hold();
  drafts.forgetUpTo(desk.form, desk.draft.sequence);
});
onTyped(keep);
onShown(() => {
  open();
  desk.form.elements.reason?.addEventListener("input", keep); // part of the draft, though not of the text
});
onSaved(({ same }) => settled(desk, same));
