// Keys that are printed on what they press: <a|button data-key="a" data-key-name="Accept">…<kbd>a</kbd></button>.
// They are off while somebody types or composes. `/` searches, `?` lists the keys of the page.

const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";

export function isTyping(event) {
  return event.isComposing || event.keyCode === 229 || event.target.closest?.(TYPING) !== null;
}

function reachable(element) {
  return element.getClientRects().length > 0 && element.getAttribute("aria-disabled") !== "true";
}

function showKeys() {
  const dialog = document.getElementById("keys");
  if (!dialog) return;
  const list = dialog.querySelector("[data-keys-here]");
  list.replaceChildren();
  const seen = new Set();
  for (const element of document.querySelectorAll("[data-key]")) {
    const { key, keyName } = element.dataset;
    if (seen.has(key)) continue;
    seen.add(key);
    const term = document.createElement("dt");
    term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    const words = document.createElement("dd");
    words.textContent = keyName || element.textContent.trim();
    list.append(term, words);
  }
  dialog.showModal();
}

export function listenForKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "/") {
      const search = document.getElementById("site-search");
      if (!search || !reachable(search)) return;
      event.preventDefault();
      search.focus();
      return;
    }
    if (event.key === "?") {
      event.preventDefault();
      showKeys();
      return;
    }
    const pressed = [...document.querySelectorAll("[data-key]")].find(
      (element) => element.dataset.key === event.key && reachable(element),
    );
    if (!pressed) return;
    event.preventDefault();
    if (pressed.matches("input[type=text], input[type=search], textarea")) pressed.focus();
    else pressed.click();
  });
}
