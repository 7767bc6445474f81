// The sample is this person's while they are at it: a sign of life each minute, and it is let go when the page is left
// with nothing typed. If it was given to somebody else meanwhile, that is said; what was typed stays.

import { ask } from "./asking.js";
import { byId, desk, onShown, onTyped } from "./desk.js";
import { awake } from "./timing.js";

const EVERY = 60_000; // ms
const AFTER_RELOAD = 500; // ms: the page that was left has let go of the sample, maybe only after this one was made
let reloaded = performance.getEntriesByType("navigation")[0]?.type === "reload";
let beat;

function formOf({ form }) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  return body;
}

async function hold(here = desk) {
  if (!here?.form.dataset.hold || here.lost) return;
  try {
    const answer = await ask(here.form.dataset.hold, formOf(here));
    here.mine = answer.ok;
    if (answer.status !== 409) return;
    here.lost = true;
    const { message } = await answer.json();
    const notice = here === desk && byId("lost");
    if (!notice) return;
    notice.querySelector("p").textContent = message;
    notice.hidden = false;
  } catch {
    /* the network is away, or the person was signed out: whoever saves will hear of it */
  }
}

function letGo() {
  if (!desk?.form.dataset.letGo || !desk.mine || desk.dirty || desk.busy) return;
  navigator.sendBeacon(desk.form.dataset.letGo, formOf(desk));
}

onShown(() => {
  clearInterval(beat);
  desk.mine = desk.form.dataset.mine === "1";
  if (reloaded) setTimeout(hold, AFTER_RELOAD, desk);
  reloaded = false;
  beat = setInterval(() => { if (desk?.mine && awake()) hold(); }, EVERY);
});
onTyped(() => { if (!desk.mine && !desk.asked) { desk.asked = true; hold(); } }); // opened from a list: taken when it is worked at
addEventListener("pagehide", letGo);
