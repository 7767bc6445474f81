// The filters of a table stay where they are while the rows below change: caret, composition and what is typed
// meanwhile are never replaced. Rows are asked for when typing pauses, not while an input method is composing.

const form = () => document.getElementById("filters");

const PAUSE = 300; // ms without typing before rows are asked for
let timer;

function typed(event) {
  if (!event.target.matches("[data-search]") || event.isComposing) return;
  clearTimeout(timer);
  timer = setTimeout(() => event.target.dispatchEvent(new Event("typed", { bubbles: true })), PAUSE);
}
document.addEventListener("input", typed);
document.addEventListener("compositionend", typed);

// A tab, a heading or a chip that is pressed before rows were shown for what is typed asks for both: neither takes the
// other's place. Only what takes the search away does that.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  const search = form()?.querySelector("[data-search]");
  const leads = detail.elt.matches('[hx-sync^="#filters"]');
  if (!search || !(leads || detail.elt === form())) return;
  clearTimeout(timer);
  if (!leads) return;
  const [path, query] = detail.path.split("?");
  const wanted = new URLSearchParams(query);
  const shown = new URLSearchParams(location.search).get(search.name) ?? "";
  if (search.value === shown || (wanted.get(search.name) ?? "") !== shown) return;
  wanted.set(search.name, search.value);
  detail.path = `${path}?${wanted}`;
});

// The tabs stand above the fields, outside of what is swapped: the answer brings fresh ones, which take their place.
document.addEventListener("htmx:afterSettle", () => {
  const [old, fresh] = [document.getElementById("tabs"), document.getElementById("tabs-fresh")];
  if (!old || !fresh) return;
  const focused = old.contains(document.activeElement);
  fresh.hidden = false;
  fresh.id = "tabs";
  const place = old.scrollLeft;
  old.replaceWith(fresh);
  fresh.scrollLeft = place;
  if (focused) fresh.querySelector("[aria-current]")?.focus();
});

// A tab, a chip or the back button changes the address: the fields follow it.
function follow() {
  const asked = new URLSearchParams(location.search);
  for (const field of form()?.elements ?? []) {
    if (field.name && field !== document.activeElement) field.value = asked.get(field.name) ?? "";
  }
}
document.addEventListener("htmx:pushedIntoHistory", follow);

// An address that is passed on says what is asked for and nothing else. Beside a view an empty field says: not its own.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.id !== "filters") return;
  const asked = event.detail.parameters;
  if (asked.view) return;
  for (const name of Object.keys(asked)) if (asked[name] === "") delete asked[name];
});
