// A form with data-ticking="NAME" has a box, data-all, that ticks and unticks all boxes of that name, and counts them.
const forms = () => document.querySelectorAll("form[data-ticking]");
const boxes = (form) => [...form.querySelectorAll(`input[type=checkbox][name="${form.dataset.ticking}"]`)];

function count(form) {
  const all = form.querySelector("[data-all]");
  const known = boxes(form);
  const ticked = known.filter((box) => box.checked).length;
  all.checked = ticked > 0 && ticked === known.length;
  all.indeterminate = ticked > 0 && ticked < known.length;
  form.querySelector("[data-ticked-n]").textContent = String(ticked);
}

function begin() {
  for (const form of forms()) {
    for (const element of form.querySelectorAll("[data-needs-script]")) element.hidden = false;
    count(form);
  }
}

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-ticking]");
  if (!form) return;
  if (event.target.matches("[data-all]")) for (const box of boxes(form)) box.checked = event.target.checked;
  count(form);
});

document.addEventListener("htmx:afterSettle", begin); // the candidates come by themselves
addEventListener("pageshow", begin); // and may come back as they were left
begin();
