// Unsent text, kept in this browser until the server has it. One entry per person and sample: {base, at, fields}.

const keyOf = (form) => `ftstudio:draft:${form.dataset.person}:${form.dataset.sample}`;

export function fieldsOf(form) {
  const fields = {};
  for (const field of form.querySelectorAll("textarea[name], select[name]")) fields[field.name] = field.value;
  return fields;
}

export function keep(form) {
  const draft = { base: form.elements.base_revision.value, at: Date.now(), fields: fieldsOf(form) };
  try {
    localStorage.setItem(keyOf(form), JSON.stringify(draft));
    return true;
  } catch {
    return false; // no room, or storage is switched off: the text is still in the page
  }
}

export function read(form) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(form)));
  } catch {
    return null;
  }
}

export function forget(form) {
  try {
    localStorage.removeItem(keyOf(form));
  } catch {
    /* storage is switched off: there is nothing to forget */
  }
}

// Put a kept draft back. The base revision comes with it, so a sample that somebody changed meanwhile answers with
// both texts side by side instead of losing one. Returns the time it was kept, or null when there was nothing to do.
export function restore(form) {
  const draft = read(form);
  if (!draft) return null;
  const now = fieldsOf(form);
  const names = Object.keys(draft.fields).filter((name) => name in now && now[name] !== draft.fields[name]);
  if (!names.length) {
    forget(form);
    return null;
  }
  for (const name of names) form.elements[name].value = draft.fields[name];
  form.elements.base_revision.value = draft.base;
  return draft.at;
}
