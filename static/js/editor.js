// The correction desk. The server does the judging; this module asks it while somebody types, keeps unsent text,
// and moves on without a page load. The text area is never replaced while its sample is open: caret, undo and
// composition stay. Everything here is also a plain form that works without it.

import * as drafts from "./drafts.js";
import { paint, unitAt } from "./marks.js";

const CHECK_AFTER = 250; // ms of quiet before the server is asked
const SETTLE = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 350; // so that the choice is seen
const SAVED_PARTS = ["cap", "rejected", "findings", "diff", "tokens", "requirements", "characters", "queue", "history"];
const CHECKED_PARTS = ["findings", "diff", "tokens", "requirements", "characters"];

const byId = (id) => document.getElementById(id);
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const parse = (html) => new DOMParser().parseFromString(html, "text/html");
const clock = (at) => new Date(at).toLocaleTimeString(document.documentElement.lang || undefined);

let desk = null; // the open sample: {form, answer, mirror, busy, composing, timer, asking, saved}

function say(text, tone = "") {
  const status = byId("autosave");
  if (status) { status.textContent = text; status.dataset.tone = tone; }
}

const word = (name, values = {}) =>
  Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), desk.form.dataset[name] ?? "");

function replaceParts(page, names) {
  for (const name of names) {
    const fresh = page.getElementById(name);
    const old = byId(name);
    if (fresh && old) { old.replaceWith(document.importNode(fresh, true)); window.htmx?.process(byId(name)); }
  }
}

// --- findings ---------------------------------------------------------------------------------------------------

const findings = () => [...document.querySelectorAll("#findings .finding")];
const openErrors = () => findings().filter((finding) => finding.classList.contains("error"));

function spansOf(path) {
  return findings()
    .filter((finding) => finding.dataset.path === path)
    .map(({ dataset }) => ({
      severity: dataset.severity,
      start: dataset.start === "" ? null : Number(dataset.start),
      end: Number(dataset.end),
    }));
}

function mark() {
  for (const mirror of desk.form.querySelectorAll(".mirror")) {
    const area = mirror.parentElement.querySelector("textarea");
    paint(mirror, area.value, spansOf(mirror.dataset.path));
  }
  const errors = openErrors().length;
  const badge = byId("errors-open");
  if (badge) {
    badge.hidden = !errors;
    badge.textContent = errors ? byId("findings").dataset.open : "";
  }
  const summary = byId("findings")?.dataset.summary ?? "";
  const live = byId("findings-said");
  if (live && live.textContent !== summary) live.textContent = summary;
}

function point(finding) {
  for (const other of findings()) other.removeAttribute("aria-current");
  finding?.setAttribute("aria-current", "true");
  finding?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = findings();
  if (!all.length) return;
  const at = all.findIndex((finding) => finding.hasAttribute("aria-current"));
  point(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length]);
}

const areaOf = (path) => desk.form.querySelector(`textarea[data-path="${CSS.escape(path)}"]`) ?? desk.answer;

function enter(finding) {
  const area = finding ? areaOf(finding.dataset.path) : desk.answer;
  area.focus();
  if (finding && finding.dataset.start !== "") {
    area.setSelectionRange(unitAt(area.value, Number(finding.dataset.start)), unitAt(area.value, Number(finding.dataset.end)));
  }
}

// Typed into the field like a person would, so that the browser's own undo takes it back.
function replaceText(area, from, to, text) {
  area.focus();
  area.setSelectionRange(from, to);
  const done = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
  if (!done) {
    area.setRangeText(text, from, to, "end");
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

function fix(button) {
  const area = areaOf(button.dataset.path);
  const typing = document.activeElement === area;
  replaceText(area, unitAt(area.value, Number(button.dataset.start)), unitAt(area.value, Number(button.dataset.end)), button.dataset.replacement);
  if (!typing) area.blur();
}

// --- asking while somebody types ------------------------------------------------------------------------------

async function check() {
  desk.asking?.abort();
  const asking = new AbortController();
  desk.asking = asking;
  const here = desk;
  try {
    const answer = await fetch(desk.form.dataset.check, { method: "POST", body: new FormData(desk.form), signal: asking.signal });
    if (!answer.ok) return; // the findings of a moment ago stay; saving says what is wrong
    const html = await answer.text();
    if (here !== desk || asking.signal.aborted) return;
    replaceParts(parse(html), CHECKED_PARTS);
    desk.stale = false;
    mark();
  } catch (error) {
    if (error.name !== "AbortError" && here === desk) say(word("sayOffline"), "warning");
  }
}

function typed() {
  desk.form.elements.client_id.value = newId(); // other words are another request, also after a lost answer
  const kept = drafts.keep(desk.form);
  desk.dirty = true;
  desk.stale = true; // the findings on the page speak of the text before
  desk.kept = kept;
  delete document.querySelector("[data-asked]")?.dataset.asked;
  mark();
  say(kept ? word("sayKept", { time: clock(Date.now()) }) : word("sayUnkept"), kept ? "" : "warning");
  clearTimeout(desk.timer);
  desk.timer = setTimeout(check, CHECK_AFTER);
}

// --- saving and deciding ---------------------------------------------------------------------------------------

function show(page, url) {
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
  desk.asking?.abort();
  clearTimeout(desk.timer);
  drafts.keep(form);
  const sent = JSON.stringify(drafts.fieldsOf(form));
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
    else if (answer.ok && deciding) { drafts.forget(form); show(page, answer.url); return; }
    else if (answer.ok) saved(page, sent);
    else refused(page);
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

function saved(page, sent) {
  const { form } = desk;
  goOnFrom(page);
  const same = JSON.stringify(drafts.fieldsOf(form)) === sent;
  replaceParts(page, same ? SAVED_PARTS : ["cap", "history"]);
  desk.dirty = !same;
  if (same) drafts.forget(form);
  else drafts.keep(form);
  mark();
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

// --- turns -------------------------------------------------------------------------------------------------------

function addTurn(key = `n${newId().slice(0, 8)}`) {
  const template = byId("turn-template");
  const before = byId("turn-add");
  if (!template || !before) return;
  const holder = document.createElement("div");
  holder.innerHTML = template.innerHTML.replaceAll("__KEY__", key);
  before.before(...holder.children);
  desk.form.querySelector(`[name="${key}-text"]`)?.focus();
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
  check();
}

// --- wiring ------------------------------------------------------------------------------------------------------

const ACTS = {
  edit: () => enter(findings().find((finding) => finding.hasAttribute("aria-current")) ?? findings()[0]),
  leave: () => document.activeElement?.blur(),
  next: () => step(1),
  previous: () => step(-1),
  fix: () => findings().find((finding) => finding.hasAttribute("aria-current"))?.querySelector("[data-fix]")?.click(),
  reset: (button) => replaceText(desk.answer, 0, desk.answer.value.length, button.dataset.original),
  label: (button) => replaceText(desk.answer, 0, desk.answer.value.length, button.dataset.text),
  turn: () => addTurn(),
};

function setUp() {
  const form = byId("sample-form");
  if (!form || form.dataset.ready) { if (!form) desk = null; return; }
  form.dataset.ready = "1";
  for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;
  document.querySelector("#sample-form [data-blank]")?.remove(); // the empty turn is for those without this script
  desk = { form, answer: byId("answer"), busy: false, dirty: false, stale: false, kept: true, timer: 0, asking: null };
  form.addEventListener("input", (event) => {
    if (event.target.matches("textarea, select") && !event.isComposing) typed();
  });
  form.addEventListener("compositionend", typed);
  form.addEventListener("change", (event) => { if (event.target.matches("[type=checkbox]")) typed(); });
  form.addEventListener("submit", submitted);
  restoreDraft();
  mark();
}

document.addEventListener("click", (event) => {
  if (!desk) return;
  const fixing = event.target.closest("[data-fix]");
  if (fixing) { event.preventDefault(); fix(fixing); return; }
  const act = event.target.closest("[data-act]");
  if (act && ACTS[act.dataset.act]) { event.preventDefault(); ACTS[act.dataset.act](act); }
});
addEventListener("popstate", () => location.reload());
addEventListener("beforeunload", (event) => { if (desk?.dirty && !desk.kept) event.preventDefault(); });
document.addEventListener("desk:shown", setUp);
setUp();
