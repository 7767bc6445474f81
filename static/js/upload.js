// Drop a file or choose one; see how much of it has been sent. Without this module the form is an ordinary one.

function setUp(form) {
  const input = form.querySelector("input[type=file]");
  const meter = form.querySelector("progress");
  const status = form.querySelector("[data-upload-status]");
  const zone = form.closest("[data-drop]") ?? form;
  if (!input || form.dataset.ready) return;
  form.dataset.ready = "1";

  const say = (text, wrong = false) => { status.textContent = text; status.classList.toggle("wrong", wrong); };
  const share = (event) => {
    if (!event.lengthComputable) return;
    meter.max = event.total;
    meter.value = event.loaded;
    say(form.dataset.sayProgress.replace("{percent}", Math.floor((100 * event.loaded) / event.total)));
  };

  function send() {
    if (form.hasAttribute("aria-busy")) return; // it is on its way already
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", share);
    request.addEventListener("load", () => {
      // The answer is a page: the upload's own after the redirect, or this form again with what is wrong.
      if (request.status < 400) { location.assign(request.responseURL); return; }
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      const problem = page.querySelector("[data-problem], .wrong, .notice.error");
      problem?.querySelector(".sev")?.remove(); // the sign's own word: the status line has no sign
      const reason = problem?.textContent.trim();
      meter.hidden = true;
      form.removeAttribute("aria-busy");
      say(reason || form.dataset.sayFailed, true);
    });
    request.addEventListener("error", () => { form.removeAttribute("aria-busy"); meter.hidden = true; say(form.dataset.sayFailed, true); });
    request.open("POST", form.action);
    request.send(new FormData(form));
    meter.hidden = false;
    form.setAttribute("aria-busy", "true");
  }

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
