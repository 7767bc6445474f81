// Several windows of one person on one sample. Who types first has the pen; the others are told, and keep their text to
// themselves until the person says which goes on. The server says the same of windows in other browsers.

import { WINDOW } from "./drafts.js";
import { desk, onShown, say, choice, word } from "./desk.js";
import { elsewhere, onKept, showOther } from "./keeping.js";

const channel = "BroadcastChannel" in window ? new BroadcastChannel("ftstudio:desk") : null;

function tell(what, here = desk) {
  const { person, sample } = here.form.dataset;
  channel?.postMessage({ what, person, sample, window: WINDOW, sequence: here.draft.sequence });
}

export const tellSaved = (here) => tell("saved", here);

function told({ data }) {
  if (!desk?.draft || data.window === WINDOW) return;
  if (data.person !== desk.form.dataset.person || data.sample !== desk.form.dataset.sample) return;
  if (data.what === "open" && desk.dirty && !desk.draft.elsewhere) tell("typed");
  if (data.what === "typed" && (!desk.dirty || data.took || data.sequence === desk.draft.back)) elsewhere(desk, data.sequence);
  if (data.what === "took") elsewhere(desk, data.sequence);
  if (data.what === "saved") {
    desk.draft.elsewhere = false;
    say(word("saySavedElsewhere"), "warning", choice(word("sayShowOther"), showOther));
  }
}

channel?.addEventListener("message", told);
onShown(() => tell("open"));
onKept((here) => {
  tell(here.draft.took ? "took" : "typed", here);
  here.draft.took = false;
});
