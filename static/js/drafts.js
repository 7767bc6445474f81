// Unsaved text in this browser's storage: one copy for each window in which it was typed, so that no window writes over
// another's. A copy is {base, sequence, at, fields}; a higher sequence is a later text.

import { newId } from "./desk.js";

export const WINDOW = newId();
// What a form carries besides the text: pages/drafts.py knows the same names.
const NOT_TEXT = new Set([
  "csrfmiddlewaretoken", "client_id", "base_revision", "draft", "sequence", "window", "replaces", "took", "decision",
]);
const prefixOf = (form) => `ftstudio:draft:${form.dataset.person}:${form.dataset.sample}:`;

/** The text of a form: {name: [value, …]}, in its order. */
export function fieldsOf(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    if (!NOT_TEXT.has(name) && typeof value === "string") (fields[name] ??= []).push(value);
  }
  return fields;
}

export const textOf = (form) => JSON.stringify(fieldsOf(form));

/** Keep what stands in the form. False where there is no room, or storage is switched off. */
export function keep(form, sequence) {
  const copy = { base: form.elements.base_revision.value, sequence, at: Date.now(), fields: fieldsOf(form) };
  try {
    localStorage.setItem(prefixOf(form) + WINDOW, JSON.stringify(copy));
    return true;
  } catch {
    return false;
  }
}

/** The copies of this person's text on this sample, the latest first, each with its `key`. */
export function copies(form) {
  const found = [];
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(prefixOf(form))) found.push({ ...JSON.parse(localStorage.getItem(key)), key });
    }
  } catch {
    return []; // storage is switched off, or the entry is not ours
  }
  return found.sort((one, other) => other.sequence - one.sequence);
}

export function forget(form, ...keys) {
  try {
    for (const key of [prefixOf(form) + WINDOW, ...keys]) if (key) localStorage.removeItem(key);
  } catch {
    /* storage is switched off: there is nothing to forget */
  }
}

/** Forget every copy up to a sequence: the server has that text, or it is not wanted. */
export function forgetUpTo(form, sequence) {
  for (const copy of copies(form)) if (copy.sequence <= sequence) forget(form, copy.key);
}

/** Put a copy back into a form that has the same fields on the same revision. False, and nothing is done, elsewhere. */
export function putBack(form, copy) {
  if (form.elements.base_revision.value !== copy.base) return false;
  const now = fieldsOf(form);
  const same = Object.keys({ ...now, ...copy.fields }).every((name) => now[name]?.length === copy.fields[name]?.length);
  if (!same || JSON.stringify(now.turn) !== JSON.stringify(copy.fields.turn)) return false;
  for (const [name, values] of Object.entries(copy.fields)) {
    const fields = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)].filter((field) => !field.disabled);
    for (const [at, field] of fields.entries()) {
      if (!["checkbox", "radio", "hidden", "file"].includes(field.type)) field.value = values[at];
    }
  }
  return true;
}
