// Judging between versions: a version that is taken stands in the result; who changes the result writes their own.

const FORM = "form.judging";

function take(form, chosen) {
  const texts = JSON.parse(chosen.dataset.texts ?? "{}");
  for (const [name, text] of Object.entries(texts)) {
    const area = form.elements[name];
    if (area) area.value = text;
  }
}

function isWay(form, value) {
  for (const radio of form.querySelectorAll("[name=take]")) radio.checked = radio.value === value;
}

document.addEventListener("change", (event) => {
  const form = event.target.closest?.(FORM);
  if (!form) return;
  if (event.target.name === "take") take(form, event.target);
  else if (event.target.closest("[data-merge]")) isWay(form, "merge");
});
document.addEventListener("input", (event) => {
  const form = event.target.closest?.(FORM);
  if (form && event.target.matches("[data-result]")) isWay(form, "write");
});
