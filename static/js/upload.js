// Drop files or choose them; see how much of each has been sent. Without this module the form is an ordinary one.

const SHOWN = "[data-problem], .wrong, .notice.error"; // where the page says what is wrong
const OWN_PAGE = /\/[0-9a-f-]{36}\/$/; // the path of an upload; who was signed out is led to the door

/** Sends the form with this one file. `told` is told how much is on its way: bytes sent, and of how many. Answers the
 * address of what the file became, or the reason why it became nothing ("" when none arrived). */
function sent(form, file, told) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) told(event.loaded, event.total); });
    request.addEventListener("load", () => {
      // The answer is a page: the upload's own after the redirect, or this form again with what is wrong.
      if (request.status < 400) { resolve({ address: request.responseURL }); return; }
      const problem = new DOMParser().parseFromString(request.responseText, "text/html").querySelector(SHOWN);
      problem?.querySelector(".sev")?.remove(); // the sign's own word: the status line has no sign
      resolve({ reason: problem?.textContent.trim() ?? "" });
    });
    request.addEventListener("error", () => resolve({ reason: "" }));
    const data = new FormData(form);
    data.set("file", file);
    request.open("POST", form.action);
    request.send(data);
  });
}

function setUp(form) {
  const input = form.querySelector("input[type=file]");
  const meter = form.querySelector("progress");
  const status = form.querySelector("[data-upload-status]");
  const rows = form.querySelector("[data-files]");
  const zone = form.closest("[data-drop]") ?? form;
  if (!input || form.dataset.ready) return;
  form.dataset.ready = "1";

  const say = (text, wrong = false) => { status.textContent = text; status.classList.toggle("wrong", wrong); };
  const said = (done, all) => form.dataset.sayProgress.replace("{percent}", Math.floor((100 * done) / all));

  async function sendOne(file) {
    meter.hidden = false;
    const { address, reason } = await sent(form, file, (done, all) => {
      [meter.max, meter.value] = [all, done];
      say(said(done, all));
    });
    if (address) { location.assign(address); return; }
    meter.hidden = true;
    form.removeAttribute("aria-busy");
    say(reason || form.dataset.sayFailed, true);
  }

  function rowOf(file) {
    const row = form.querySelector("template[data-file]").content.firstElementChild.cloneNode(true);
    row.querySelector("[data-name]").textContent = file.name;
    row.querySelector("progress").setAttribute("aria-label", file.name);
    rows.append(row);
    return row;
  }

  async function sendIn(row, file) {
    const [name, note, bar] = ["[data-name]", "[data-said]", "progress"].map((part) => row.querySelector(part));
    bar.hidden = false;
    const { address: led, reason } = await sent(form, file, (done, all) => {
      [bar.max, bar.value] = [all, done];
      note.textContent = said(done, all);
    });
    const address = led && OWN_PAGE.test(new URL(led).pathname) ? led : "";
    bar.hidden = true;
    if (address) {
      const link = document.createElement("a");
      [link.href, link.textContent] = [address, file.name];
      name.replaceChildren(link);
    }
    note.className = address ? "dim" : "wrong";
    note.textContent = address ? form.dataset.sayHere : reason || form.dataset.sayFailed;
    return Boolean(address);
  }

  /** One after the other: a line is not faster for being told, and the first is looked at while the next is sent. */
  async function sendSeveral(files) {
    rows.replaceChildren();
    rows.hidden = false;
    say("");
    const waiting = files.map((file) => [rowOf(file), file]);
    let here = 0;
    for (const [row, file] of waiting) here += await sendIn(row, file);
    form.removeAttribute("aria-busy");
    input.value = ""; // what was refused is chosen anew
    say(form.dataset.saySeveral.replace("{here}", here).replace("{all}", files.length), !here);
  }

  function send() {
    if (form.hasAttribute("aria-busy")) return; // they are on their way already
    form.setAttribute("aria-busy", "true");
    const files = [...input.files];
    if (files.length === 1) sendOne(files[0]);
    else sendSeveral(files);
  }

  addEventListener("pageshow", ({ persisted }) => { // gone back to, and shown as it was left: on its way
    if (!persisted) return;
    form.removeAttribute("aria-busy");
    meter.hidden = true;
    input.value = "";
    say("");
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); if (input.files.length) send(); else input.focus(); });
  input.addEventListener("change", () => { if (input.files.length && form.dataset.at !== "page") send(); });
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", (event) => { if (!zone.contains(event.relatedTarget)) zone.classList.remove("over"); });
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    send();
  });
}

const start = () => document.querySelectorAll("form[data-upload]").forEach(setUp);
start();
document.addEventListener("htmx:load", start);
