// The form of a JSON answer, in step with its raw text both ways. The text is the truth: a field that is typed in rewrites
// its own place in it and nothing else, and what is typed into the text shows in the fields. What changes the form's own
// shape (items, branches, keys) is asked of the server; a field that has the focus is never replaced.

import { act, byId, desk, onChecked, onShown, onTyped, parse, replaceText, say, word } from "./desk.js";
import { find, insertion, isJson, isNumber, parentOf, scan } from "./json.js";

let writing = false; // the text is being changed by the form itself
let last = null; // the field that had the focus last: `n` adds to its list

const form = () => byId("answer-form");
const area = () => desk.form.elements[form().dataset.field];
const rowOf = (field) => field.closest("[data-at]");
const leaves = () => [...byId("form-tree").querySelectorAll(".leaf[data-at]")];
const fieldsOf = (row) => [...row.querySelectorAll("[data-leaf]")];

// What a field says, as JSON; null where it cannot be said yet.
function jsonOf(row, field) {
  const typed = field.value;
  if (row.dataset.widget === "choice" || row.dataset.widget === "boolean") return typed || null;
  if (row.dataset.widget === "any") return isJson(typed) ? typed.trim() : null;
  const digits = typed.trim();
  if (row.dataset.widget === "number" && isNumber(digits)) return digits;
  if (row.dataset.widget === "number" && !digits && "nullable" in row.dataset) return "null";
  return JSON.stringify(typed);
}

function put(from, to, text) {
  const target = area();
  writing = true;
  target.setRangeText(text, from, to, "preserve");
  target.dispatchEvent(new InputEvent("input", { bubbles: true }));
  writing = false;
}

function write(row, json) {
  const text = area().value;
  const root = scan(text);
  const node = root && find(root, row.dataset.at);
  if (node) { put(node.start, node.end, json); return; }
  const holder = root && find(root, parentOf(row.dataset.at));
  if (!row.dataset.at && !text.trim()) { put(0, text.length, json); return; }
  if (holder?.kind !== "object") return;
  const before = [];
  for (const other of row.parentElement.children) {
    if (other === row) break;
    if (other.dataset.keyOf !== undefined) before.push(other.dataset.keyOf);
  }
  const made = insertion(text, holder, row.dataset.keyOf, json, before);
  put(made.at, made.to, made.text);
  row.classList.remove("absent");
}

function edited(field) {
  const row = rowOf(field);
  if (field.matches("[data-null]")) {
    if (field.checked) { write(row, "null"); return; }
    const input = fieldsOf(row)[0];
    if (row.dataset.widget === "text") write(row, JSON.stringify(input.value));
    input.focus();
    return;
  }
  const json = jsonOf(row, field);
  field.toggleAttribute("aria-invalid", json === null);
  if (json !== null) write(row, json);
  const box = row.querySelector("[data-null]");
  if (box && json !== null) box.checked = json === "null";
}

// The fields say what the text says; the one that is being typed in is left alone.
function follow() {
  if ("always" in byId("form-waits").dataset) return; // too large for a form
  const text = area().value;
  const root = scan(text);
  const waits = Boolean(text.trim()) && !root;
  const notice = byId("form-waits");
  if (notice.hidden === waits) notice.hidden = !waits;
  byId("form-tree").inert = waits;
  if (!root) return;
  for (const row of leaves()) {
    const node = find(root, row.dataset.at);
    if (row.contains(document.activeElement) && document.activeElement.matches("[data-leaf]")) continue;
    show(row, node, node ? text.slice(node.start, node.end) : "");
  }
}

function show(row, node, json) {
  row.classList.toggle("absent", !node);
  const box = row.querySelector("[data-null]");
  if (box) box.checked = node?.kind === "null";
  const inputs = fieldsOf(row);
  const plain = node?.kind === "string" ? JSON.stringify(JSON.parse(json)) : json; // as the options are written
  if (inputs[0].type === "radio") {
    for (const input of inputs) input.checked = input.value === plain;
    return;
  }
  let shown = row.dataset.widget === "choice" ? plain : json;
  if (row.dataset.widget !== "any" && row.dataset.widget !== "choice") {
    if (node?.kind === "string") shown = JSON.parse(json);
    else if (!node || node.kind === "null") shown = "";
  }
  if (inputs[0].value !== shown) inputs[0].value = shown;
}

// Fields are sent as the raw text alone: the form's names are for those without this script.
function claim() {
  for (const field of form().querySelectorAll("[data-leaf], [data-null]")) field.removeAttribute("name");
  for (const one of form().querySelectorAll("[type=radio][data-leaf]")) one.name = `${rowOf(one).id}-r`;
  for (const one of form().querySelectorAll("[type=radio][data-leaf]")) one.setAttribute("form", "form-alone");
  for (const one of form().querySelectorAll("[data-without-script]")) one.hidden = true;
}

// The tree as the server draws it takes the place of what differs from it, but never of a field that has the focus.
function settle(old, fresh) {
  if (old.dataset.shape === fresh.dataset.shape && old.dataset.widget === fresh.dataset.widget) return;
  const held = document.activeElement;
  if (!old.contains(held) || held === document.body) { old.replaceWith(document.importNode(fresh, true)); return; }
  if (old.matches(".leaf")) return; // it is drawn anew when it is left
  old.dataset.shape = fresh.dataset.shape;
  const kept = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  const order = [];
  for (const child of [...fresh.children]) {
    const mine = child.id ? kept.get(child.id) : null;
    if (mine?.dataset.at !== undefined) { settle(mine, child); order.push(byId(child.id)); }
    else if (child.contains(held)) order.push(child);
    else order.push(document.importNode(child, true));
  }
  const holds = [...old.children].find((child) => child.contains(held));
  const keep = new Set(order);
  for (const child of [...old.children]) if (!keep.has(child) && child !== holds) child.remove();
  const at = order.findIndex((child) => child === holds || child.contains(held));
  if (at < 0) { old.append(...order); return; }
  holds.before(...order.slice(0, at));
  holds.after(...order.slice(at + 1));
}

function drawn(page) {
  const fresh = page.getElementById("answer-form");
  if (!fresh) return;
  form().dataset.shape = fresh.dataset.shape;
  for (const name of ["form_shape", "form_of"]) {
    form().querySelector(`[name=${name}]`).value = fresh.querySelector(`[name=${name}]`).value;
  }
  byId("form-waits").replaceWith(document.importNode(fresh.querySelector("#form-waits"), true));
  const [old] = byId("form-tree").children;
  const [now] = fresh.querySelector("#form-tree").children;
  if (!now) return; // the raw text is no JSON: the tree stays, and waits
  if (old) settle(old, now);
  else byId("form-tree").append(document.importNode(now, true));
  claim();
  follow();
}

// What is wrong, at the field it is about; of a field that is not there at the nearest one around it.
function tellFaults(page) {
  const told = page.getElementById("form-faults");
  if (!told) return;
  for (const old of form().querySelectorAll(".faults [data-fault]")) old.remove();
  for (const input of form().querySelectorAll("[data-leaf][aria-invalid]")) input.removeAttribute("aria-invalid");
  for (const fault of told.content.children) {
    let at = fault.dataset.fault;
    let row = null;
    while (!(row = form().querySelector(`[data-at="${CSS.escape(at)}"]`)) && at) at = parentOf(at);
    const slot = row?.querySelector(":scope > .faults");
    if (!slot) continue;
    slot.append(document.importNode(fault, true));
    if (row.matches(".leaf") && !fault.matches(".warning, .hint")) fieldsOf(row)[0]?.setAttribute("aria-invalid", "true");
  }
}

// A button of the form: the server says what the text becomes.
async function step(button, argument) {
  const before = area().value;
  const data = new FormData(desk.form);
  const pressed = JSON.parse(button.value);
  if (argument !== undefined) pressed.push(argument);
  data.set("form_step", JSON.stringify(pressed));
  try {
    const answer = await fetch(button.getAttribute("formaction"), { method: "POST", body: data, headers: { "HX-Request": "true" } });
    const page = parse(await answer.text());
    const text = page.getElementById("form-text")?.value;
    if (area().value !== before) return; // typed meanwhile: press again
    if (!answer.ok || text === undefined) { say(page.querySelector(".notice p")?.textContent ?? word("sayFailed"), "warning"); return; }
    become(before, text);
    drawn(page);
    tellFaults(page);
    land(pressed);
  } catch {
    say(word("sayOffline"), "warning");
  }
}

// Only the part that differs is typed into the text area, so that the browser's undo takes it back.
function become(before, text) {
  let from = 0;
  while (from < before.length && from < text.length && before[from] === text[from]) from += 1;
  let tail = 0;
  while (tail < Math.min(before.length, text.length) - from && before.at(-1 - tail) === text.at(-1 - tail)) tail += 1;
  if (from === before.length && before.length === text.length) return;
  writing = true;
  replaceText(area(), from, before.length - tail, text.slice(from, text.length - tail));
  writing = false;
  area().blur();
}

// Where the hand goes on: into what is new, along with what was moved, to the neighbour of what is gone.
function land([name, pointer, argument]) {
  const at = (path) => form().querySelector(`[data-at="${CSS.escape(path)}"]`);
  const enter = (row) => (row?.querySelector("[data-leaf]:not([disabled])") ?? row?.querySelector("button"))?.focus();
  if (name === "add") enter([...(at(pointer)?.querySelectorAll(":scope > [data-at]") ?? [])].at(-1));
  else if (name === "key") enter(at(`${pointer}/${argument.replaceAll("~", "~0").replaceAll("/", "~1")}`));
  else if (name === "up" || name === "down") {
    const to = `${parentOf(pointer)}/${Number(pointer.slice(parentOf(pointer).length + 1)) + (name === "up" ? -1 : 1)}`;
    (at(to)?.querySelector("[data-move]") ?? at(to)?.querySelector("button"))?.focus();
  } else if (name === "remove") enter(at(pointer) ?? at(parentOf(pointer)));
  else enter(at(pointer));
}

function enterForm() {
  const wrong = form().querySelector(".faults .wrong:not(.warning, .hint)")?.closest("[data-at]");
  const first = wrong?.querySelector("[data-leaf]") ?? form().querySelector("[data-leaf]");
  (first?.matches("[type=radio]") ? first.closest(".leaf").querySelector(":checked") ?? first : first ?? area()).focus();
  first?.select?.();
}

function addItem() {
  const around = last?.isConnected ? last.closest("fieldset[data-widget=array]") : null;
  const button = around?.querySelector(":scope > .moves [data-add]") ?? form().querySelector("[data-add]");
  if (button) step(button);
}

act("form-enter", enterForm);
act("form-raw", () => area().focus());
act("form-item", addItem);

onShown(() => {
  if (!form()) return;
  last = null;
  const alone = document.createElement("form"); // radio buttons keep their names here, and are not sent
  alone.id = "form-alone";
  alone.hidden = true;
  form().before(alone);
  claim();
  follow();
  const mine = form();
  mine.addEventListener("input", (event) => {
    if (!event.target.matches("[data-leaf]:not([type=radio], select)")) return;
    event.stopPropagation();
    if (!event.isComposing) edited(event.target);
  });
  mine.addEventListener("compositionend", (event) => {
    if (event.target.matches("[data-leaf]")) { event.stopPropagation(); edited(event.target); }
  });
  mine.addEventListener("change", (event) => {
    event.stopPropagation();
    if (event.target.matches("[data-leaf][type=radio], select[data-leaf], [data-null]")) edited(event.target);
    else if (event.target.matches("[data-branch]")) step(event.target.parentElement.querySelector("button"), event.target.value);
  });
  mine.addEventListener("focusin", (event) => { if (event.target.matches("[data-leaf]")) last = event.target; });
  mine.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
    if (event.target.matches("[data-argument]")) {
      event.preventDefault();
      event.target.parentElement.querySelector("button").click();
    } else if (event.target.matches("input[data-leaf]")) { // on to the next field, as Tab goes
      event.preventDefault();
      const all = leaves().flatMap((row) => fieldsOf(row).slice(0, 1));
      const here = rowOf(event.target);
      all[all.findIndex((field) => rowOf(field) === here) + 1]?.focus();
    }
  });
  mine.addEventListener("click", (event) => {
    const button = event.target.closest("[name=form_step]");
    if (!button) return;
    event.preventDefault();
    const given = button.parentElement.querySelector("[data-argument], [data-branch]");
    if (given?.matches("[data-argument]") && !given.value) { given.focus(); return; }
    step(button, given?.value);
  });
});
onTyped(() => { if (form() && !writing) follow(); });
onChecked((page) => {
  if (!form() || !page) return;
  drawn(page);
  follow(); // a draft that was put back was not typed
  tellFaults(page);
});
