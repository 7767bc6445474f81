// Finding words in the guideline beside the work: matches are marked, Enter goes on, Shift+Enter back, Esc clears.

const panel = (input) => input.closest("section");
const text = (input) => panel(input).querySelector("[data-guide]");
const marks = (input) => [...text(input).querySelectorAll("mark")];

function clear(root) {
  for (const mark of root.querySelectorAll("mark")) mark.replaceWith(...mark.childNodes);
  root.normalize();
}

// Every place of the words inside one node; what crosses from one element into the next is not found.
function markIn(node, words) {
  const lower = node.data.toLowerCase();
  if (lower.length !== node.data.length) return; // letters whose small form is longer: offsets would not fit
  for (let at = lower.lastIndexOf(words); at >= 0; at = at ? lower.lastIndexOf(words, at - 1) : -1) {
    const found = node.splitText(at);
    found.splitText(words.length);
    const mark = document.createElement("mark");
    found.replaceWith(mark);
    mark.append(found);
  }
}

function find(input) {
  const root = text(input);
  clear(root);
  const words = input.value.trim().toLowerCase();
  if (words) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    for (const node of nodes) markIn(node, words);
  }
  go(input, 0, words);
}

function go(input, by, words = input.value.trim()) {
  const all = marks(input);
  const before = all.findIndex((mark) => mark.hasAttribute("aria-current"));
  const at = all.length ? (Math.max(before, 0) + by + all.length) % all.length : -1;
  all.forEach((mark, index) => mark.toggleAttribute("aria-current", index === at));
  all[at]?.scrollIntoView({ block: "nearest" });
  const said = panel(input).querySelector("output");
  said.textContent = words ? said.dataset.found.replace("{n}", at + 1).replace("{total}", all.length) : "";
}

document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-find]") && !event.isComposing) find(event.target);
});
document.addEventListener("compositionend", (event) => { if (event.target.matches?.("[data-find]")) find(event.target); });

document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.("[data-find]") || event.isComposing) return;
  if (event.key === "Enter") go(event.target, event.shiftKey ? -1 : 1);
  else if (event.key === "Escape" && event.target.value) { event.target.value = ""; find(event.target); }
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
