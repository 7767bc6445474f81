// A list of samples by keyboard: j and k walk it, x presses the button of the one that has the focus.
// Buttons with data-walk say by how many rows; 0 is the press.

const rows = () => [...document.querySelectorAll("[data-entries] > [data-entry]")];
let at = -1;

function current() {
  const held = document.activeElement?.closest?.("[data-entry]");
  return held ? rows().indexOf(held) : at;
}

function walk(by) {
  const all = rows();
  if (!all.length) return;
  at = Math.min(Math.max(current() + by, 0), all.length - 1);
  if (by) {
    all[at].focus({ preventScroll: true });
    all[at].scrollIntoView({ block: "nearest" });
  } else {
    all[at].querySelector("form button")?.click();
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-walk]");
  if (button) walk(Number(button.dataset.walk));
});

// A row that was swapped for its new state keeps the focus.
document.addEventListener("htmx:afterSwap", () => {
  if (at >= 0 && document.activeElement === document.body) rows()[at]?.focus({ preventScroll: true });
});
