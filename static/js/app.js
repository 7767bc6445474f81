// What every page does beyond HTML: menus that close, keys that are printed on their buttons, the focus, copying,
// refusals.
import { keepFocus } from "./focus.js";
import { listenForKeys } from "./keys.js";

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
});

// On a phone the navigation and tabs scroll sideways: where one is stands in view.
function inView(bar) {
  const here = bar.querySelector("[aria-current]");
  if (here) bar.scrollLeft += here.getBoundingClientRect().left - bar.getBoundingClientRect().left - (bar.clientWidth - here.offsetWidth) / 2;
}
document.querySelectorAll(".nav, .tabs").forEach(inView);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// data-copy holds the id of the element whose text is copied; data-copied the word that confirms it.
async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text.trim());
  } catch {
    // Without HTTPS there is no clipboard: select the text, so that one key copies it.
    const range = document.createRange();
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return;
  }
  if (button.dataset.copied) {
    const label = button.querySelector("[data-label]") ?? button;
    label.textContent = button.dataset.copied;
  }
}

// A refusal that no part swaps (403, 404, 5xx) arrives as a notice: put it on top of the page, never lose it.
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  const main = document.getElementById("main");
  if (!main) return;
  const parsed = new DOMParser().parseFromString(xhr.responseText, "text/html");
  const notice = parsed.querySelector(".notice");
  if (!notice) return;
  document.getElementById("refused")?.remove();
  notice.id = "refused";
  main.prepend(document.importNode(notice, true));
});

// A double click sends a form once. Forms that htmx or a module sends have prevented the browser's own way by now.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
});
// Back on a page that was kept as it was left, or where the sending came to nothing: the form may be sent again.
const again = () => { for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent; };
addEventListener("pageshow", again);
document.addEventListener("input", again);

keepFocus();
listenForKeys();
