// A preset fills the settings with its values, and the form saves itself as after any change.
for (const button of document.querySelectorAll("[data-preset]")) {
  button.addEventListener("click", () => {
    const form = button.closest("form");
    for (const [name, value] of Object.entries(JSON.parse(button.dataset.preset))) {
      const field = form.elements.namedItem(name);
      if (field) field.value = value;
    }
    form.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
