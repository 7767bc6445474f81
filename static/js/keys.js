// Keys that are printed on what they press: <a|button data-key="a" data-key-name="Accept">…<kbd>a</kbd></button>.
// A key is a character, "space", "backspace", "ctrl+s" (Command on a Mac) or "alt+1"; several stand with spaces between.
// Plain keys are off while somebody types; none is taken from an input method. `/` searches, `?` lists the keys.

const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const PRESSABLE = "button, a[href], summary, [role=button], input";
const PRINTED = {
  space: "Space", backspace: "⌫", escape: "Esc", ctrl: "Ctrl", alt: "Alt", shift: "Shift", enter: "⏎",
  arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓", delete: "Del", home: "Home", end: "End",
  pageup: "PgUp", pagedown: "PgDn",
};

export function isTyping(event) {
  return event.isComposing || event.keyCode === 229 || Boolean(event.target.closest?.(TYPING));
}

function visible(element) {
  return element.getClientRects().length > 0;
}

// A tag's checkbox is drawn by its label, so a visible label is enough.
function reachable(element) {
  if (element.disabled || element.getAttribute("aria-disabled") === "true") return false;
  return visible(element) || [...(element.labels ?? [])].some(visible);
}

// The key alone, as data-key and the preferences name it.
export function keyOf(event) {
  // With Alt a Mac keyboard types another character; the place of the key says which digit was meant.
  const key = event.altKey && /^Digit\d$/.test(event.code) ? event.code.slice(5) : event.key.toLowerCase();
  return key === " " ? "space" : key;
}

function nameOf(event) {
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("ctrl");
  if (event.altKey) parts.push("alt");
  const key = keyOf(event);
  // Shift is part of a name only where it does not already change the character: "?" is "?".
  if (event.shiftKey && (key.length > 1 || parts.length)) parts.push("shift");
  return [...parts, key].join("+");
}

function printed(name) {
  return name.split("+").map((part) => {
    const key = document.createElement("kbd");
    key.textContent = PRINTED[part] ?? part;
    return key;
  });
}

function showKeys() {
  const dialog = document.getElementById("keys");
  if (!dialog || dialog.open) return;
  const list = dialog.querySelector("[data-keys-here]");
  list.replaceChildren();
  const seen = new Set();
  for (const element of document.querySelectorAll("[data-key]")) {
    const { key, keyName } = element.dataset;
    if (seen.has(key) || !reachable(element)) continue;
    seen.add(key);
    const term = document.createElement("dt");
    term.append(...key.split(" ").flatMap(printed));
    const words = document.createElement("dd");
    words.textContent = keyName || element.textContent.trim();
    list.append(term, words);
  }
  dialog.showModal();
}

// The verdict whose letter (or Space, or another named key) is pressed with Shift alone: it asks for its reason.
function shifted(event) {
  const key = keyOf(event);
  if (!event.shiftKey || event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || !/^([a-z]|..+)$/.test(key)) return null;
  const verdicts = [...document.querySelectorAll(".verdict [name=decision][data-key]")];
  return verdicts.find((element) => element.dataset.key.split(" ").includes(key) && reachable(element)) ?? null;
}

function press(event) {
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  if (document.querySelector("dialog[open]")) return;
  const name = nameOf(event);
  if (isTyping(event) && !/^(ctrl|alt)\+/.test(name) && name !== "escape") return;
  // Space and Enter belong to the button or link that has the focus.
  if (/^(space|enter)$/.test(name) && event.target.closest?.(PRESSABLE)) return;
  if (event.repeat && !/^[jk]$/.test(name)) return;
  if (name === "/") {
    const own = document.querySelectorAll("[data-search]"); // the page's own search comes before the header's
    const search = [...own, ...document.querySelectorAll("#site-search")].find(reachable);
    if (!search) return;
    event.preventDefault();
    search.focus();
    return;
  }
  if (name === "?") {
    event.preventDefault();
    showKeys();
    return;
  }
  const verdict = shifted(event);
  if (verdict) {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("desk:reason", { detail: verdict }));
    return;
  }
  // What asks for an answer just now has the keys first.
  const first = [...document.querySelectorAll("[data-keys-first]:not([hidden]) [data-key]")];
  const means = (wanted) => [...first, ...document.querySelectorAll("[data-key]")].find(
    (element) => element.dataset.key.split(" ").includes(wanted) && reachable(element),
  );
  // With Shift a digit key types another character, on each keyboard its own.
  const digit = event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey && /^Digit(\d)$/.exec(event.code);
  const pressed = (digit && means(`shift+${digit[1]}`)) || means(name);
  if (!pressed) return;
  event.preventDefault();
  if (pressed.matches("input[type=text], input[type=search], textarea")) pressed.focus();
  else pressed.click();
}

export function listenForKeys() {
  document.addEventListener("keydown", press);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-opens=keys]")) return;
    event.preventDefault();
    showKeys();
  });
}
