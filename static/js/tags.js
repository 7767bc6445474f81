// The tags of a sample are set as a whole, so they go to the server one after another: the form waits for the answer to
// what it sent before. An answer that comes when something else is ticked or typed by then takes nothing away, and what
// still waits goes out when its sample is left, too: htmx sends nothing for a form that is gone.

const said = (form) => String(new URLSearchParams(new FormData(form)));
const form = () => document.querySelector("#tags form");
const sent = new WeakMap(); // form → what it last sent

function sendRest(one) {
  if (said(one) === sent.get(one)) return;
  fetch(one.action, { method: "POST", body: new FormData(one), headers: { "HX-Request": "true" }, keepalive: true }).catch(() => {});
}

document.addEventListener("htmx:configRequest", ({ detail: { elt } }) => {
  if (elt !== form()) return;
  sent.set(elt, said(elt));
  elt.addEventListener("htmx:afterRequest", () => { if (!elt.isConnected) sendRest(elt); }, { once: true });
});
addEventListener("pagehide", () => { if (form()?.matches(".htmx-request")) sendRest(form()); });
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id !== "tags" || !form()) return;
  if (said(form()) !== sent.get(form())) detail.shouldSwap = false;
});
