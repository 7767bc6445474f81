// The panel of conditions over the list: opened and closed by its link, closed by Escape or Cancel without a page load;
// the link has the focus again. What the list shows stays as it is.

const panel = () => document.getElementById("conditions");
const link = () => document.querySelector("[data-here]");
const isOpen = () => Boolean(panel()?.querySelector("form"));

function say() {
  link()?.setAttribute("aria-expanded", String(isOpen()));
}

function close() {
  const empty = document.createElement("div");
  empty.id = "conditions";
  panel().replaceWith(empty);
  say();
  link()?.focus();
}

// Asked for again while it is open, it closes.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.detail.elt.matches?.("[data-here]") || !isOpen()) return;
  event.preventDefault();
  close();
});

document.addEventListener("click", (event) => {
  if (!link() || !event.target.closest("#conditions [data-close]")) return; // the page of conditions alone goes back by it
  event.preventDefault();
  close();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || !link() || !isOpen()) return;
  const held = document.activeElement;
  if (held !== document.body && held !== link() && !panel().contains(held)) return;
  event.preventDefault();
  close();
});

// Conditions that were asked for by key are filled in by key.
document.addEventListener("htmx:afterSettle", (event) => {
  say();
  if (event.target.id === "conditions" && document.activeElement === link()) event.target.querySelector("select, textarea")?.focus();
});
say();
