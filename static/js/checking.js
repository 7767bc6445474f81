// The server does the judging; it is asked while somebody types. A newer question takes back the one before.

import { checked, desk, onTyped, parse, replaceParts, say, word } from "./desk.js";

const CHECK_AFTER = 250; // ms of quiet before the server is asked
const CHECKED_PARTS = ["findings", "diff", "tokens", "requirements", "characters"];

export async function check() {
  desk.asking?.abort();
  const asking = new AbortController();
  desk.asking = asking;
  const here = desk;
  try {
    const answer = await fetch(desk.form.dataset.check, { method: "POST", body: new FormData(desk.form), signal: asking.signal });
    if (!answer.ok) return; // the findings of a moment ago stay; saving says what is wrong
    const html = await answer.text();
    if (here !== desk || asking.signal.aborted) return;
    const page = parse(html);
    replaceParts(page, CHECKED_PARTS);
    desk.stale = false;
    checked(page);
  } catch (error) {
    if (error.name !== "AbortError" && here === desk) say(word("sayOffline"), "warning");
  }
}

// No question may be under way, or to come, while something is sent.
export function hush() {
  desk.asking?.abort();
  clearTimeout(desk.timer);
}

onTyped(() => {
  hush(); // an answer about the text before would be taken for one about this
  desk.timer = setTimeout(check, CHECK_AFTER);
});
