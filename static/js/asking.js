// The one way from the desk to the server. What can go wrong on it has a name: nobody answers, the person was signed
// out, or somebody else is signed in by now. A form's key that is too old is renewed, and the question asked again.

import { byId, parse } from "./desk.js";

export class Away extends Error {}
export class SignedOut extends Error {}
export class SomebodyElse extends Error {}

const PATIENCE = 20_000; // ms after which a server that says nothing is away
const TOKEN = "csrfmiddlewaretoken";
const formHere = () => byId("sample-form") ?? byId("merge");

async function reach(url, options, patience = PATIENCE) {
  let answer;
  try {
    answer = await fetch(url, { ...options, signal: AbortSignal.timeout(patience) });
  } catch {
    throw new Away();
  }
  if ([502, 503, 504].includes(answer.status)) throw new Away();
  if (answer.redirected && new URL(answer.url).pathname === formHere()?.dataset.signIn) throw new SignedOut();
  return answer;
}

// Ask for the page as it is now; its token is everybody's from here on. Raises who is signed in, if it is not the person.
export async function renew() {
  const here = formHere();
  const page = parse(await (await reach(`/samples/${here.dataset.sample}/`, {})).text());
  const fresh = page.querySelector("#sample-form");
  if (!fresh || fresh.dataset.person !== here.dataset.person) throw new SomebodyElse();
  const token = fresh.elements[TOKEN].value;
  for (const field of document.querySelectorAll(`[name=${TOKEN}]`)) field.value = token;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
  return token;
}

/** The answer to a form that is sent. `keepalive`: it outlives the page, if it is small enough for that. */
export async function ask(url, body, { keepalive = false } = {}) {
  const send = () => reach(url, { method: "POST", body, keepalive });
  const answer = await send();
  if (answer.status !== 403 || keepalive) return answer;
  body.set(TOKEN, await renew());
  return send();
}

/** Do it until somebody answers: `does()` after 2, 4, 8 … 60 s, at once when the network is back. Returns a way to stop. */
export function again(does, tries) {
  const stopping = new AbortController();
  const timer = setTimeout(does, Math.min(60_000, 1000 * 2 ** tries));
  stopping.signal.addEventListener("abort", () => clearTimeout(timer));
  addEventListener("online", () => { stopping.abort(); does(); }, { signal: stopping.signal });
  return () => stopping.abort();
}

/** Signed in again in another tab: `does()` once this one is looked at again and the person is who they were. */
export function onceBack(does) {
  const stopping = new AbortController();
  const look = async () => {
    try {
      await renew();
    } catch {
      return; // not yet
    }
    if (stopping.signal.aborted) return;
    stopping.abort();
    does();
  };
  addEventListener("focus", look, { signal: stopping.signal });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); }, { signal: stopping.signal });
  return () => stopping.abort();
}
