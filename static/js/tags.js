// The tags of a sample are set as a whole, so they go to the server one after another: the form waits for the answer to
// what it sent before. An answer that comes when something else is ticked or typed by then takes nothing away.

const said = (form) => String(new URLSearchParams(new FormData(form)));
const form = () => document.querySelector("#tags form");
const sent = new WeakMap(); // form → what it last sent

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt === form()) sent.set(form(), said(form()));
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id !== "tags" || !form()) return;
  if (said(form()) !== sent.get(form())) detail.shouldSwap = false;
});
