// The mirror under the text area carries the marks of the findings. Offsets come in code points, as Python counts them.

export function unitAt(text, point) {
  let units = 0;
  for (const char of text) {
    if (point-- <= 0) break;
    units += char.length;
  }
  return units;
}

export function paint(mirror, text, findings) {
  const spans = findings
    .filter((f) => f.start !== null)
    .map((f) => ({ ...f, from: unitAt(text, f.start), to: Math.max(unitAt(text, f.end), unitAt(text, f.start)) }))
    .sort((a, b) => a.from - b.from || b.to - a.to);
  mirror.replaceChildren();
  let at = 0;
  for (const span of spans) {
    if (span.from < at || span.from > text.length) continue; // overlaps are said in the list below
    mirror.append(text.slice(at, span.from));
    const mark = document.createElement("mark");
    mark.className = span.severity;
    mark.textContent = text.slice(span.from, span.to) || "\u200b\u00a0"; // something is missing here
    mirror.append(mark);
    at = span.to;
  }
  mirror.append(`${text.slice(at)}\u200b`);
}
