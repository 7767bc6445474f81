// A click on @name writes it where the cursor is in the comment.

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-mention]");
  const area = button?.closest("form")?.querySelector("textarea");
  if (!area) return;
  event.preventDefault();
  const before = area.value.slice(0, area.selectionStart);
  const gap = before && !/\s$/.test(before) ? " " : "";
  area.setRangeText(`${gap}@${button.dataset.mention} `, area.selectionStart, area.selectionEnd, "end");
  area.focus();
});

const reveal = (root) => { for (const element of root.querySelectorAll("[data-mention]")) element.hidden = false; };
document.addEventListener("htmx:afterSwap", () => reveal(document));
document.addEventListener("desk:shown", () => reveal(document));
reveal(document);
