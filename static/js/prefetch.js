// The next sample, fetched while this one is worked at and held for the person. It is shown the moment this one is
// decided; what the server then answers is the truth, and takes its place where the two differ.

import { ask } from "./asking.js";
import { desk, onShown, onTyped, parse } from "./desk.js";
import { answered } from "./order.js";

const AFTER = 400; // ms: the sample at hand comes first
const FRESH = 90_000; // ms: an older page is not shown; the lease of what is only fetched ahead is short
let ahead = null; // {of, sample, url, page, at}
let timer;

async function fetchAhead(here) {
  await answered(); // or the server would hear of the sample after this one before it knows that this one is open
  if (here !== desk || here.busy) return;
  const { dataset, elements } = here.form;
  const body = new FormData();
  body.set("csrfmiddlewaretoken", elements.csrfmiddlewaretoken.value);
  body.set("after", dataset.position);
  try {
    const found = await ask(dataset.ahead, body);
    if (found.status !== 200 || here !== desk) return;
    const { sample, url } = await found.json();
    const answer = await fetch(url);
    if (!answer.ok || answer.redirected || here !== desk) return;
    ahead = { of: here, sample, url, page: parse(await answer.text()), at: Date.now() };
    here.form.dataset.fetched = sample; // at hand
  } catch {
    ahead = null; // it will be fetched when it is its turn
  }
}

/** The page that follows the open sample, once; null when none is at hand. */
export function takeAhead() {
  const found = ahead;
  ahead = null;
  return found?.of === desk && Date.now() - found.at < FRESH ? found : null;
}

const later = (ms) => {
  clearTimeout(timer);
  const here = desk;
  if (here.form.dataset.ahead) timer = setTimeout(() => { if (here === desk && !here.busy) fetchAhead(here); }, ms);
};

onShown(() => { ahead = null; later(AFTER); });
onTyped(() => { if (ahead && Date.now() - ahead.at > FRESH / 2) { ahead = null; later(AFTER); } });
