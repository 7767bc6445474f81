// A preset fills the fields with its values, and the form saves itself as after any change. The buttons are renewed with
// what they fill in, so the page listens for them, not they for themselves.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-preset]");
  if (!button) return;
  const form = button.closest("form");
  for (const [name, value] of Object.entries(JSON.parse(button.dataset.preset))) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
  form.dispatchEvent(new Event("change", { bubbles: true }));
});
