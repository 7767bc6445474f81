// A held file's page: what is changed on it is looked at at once. Without this module a button does it.

function setUp(form) {
  if (form.dataset.ready) return;
  form.dataset.ready = "1";
  const look = form.querySelector("[data-look]");
  if (!look) return;
  look.closest("[data-without-script]").hidden = true;
  form.addEventListener("change", (event) => {
    if (event.target.matches("select, input[type=checkbox]:not([name=again])")) look.click();
  });
}

const start = () => document.querySelectorAll("form[data-review]").forEach(setUp);
start();
document.addEventListener("htmx:load", start);
