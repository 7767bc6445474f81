// The mirror under the text area carries the marks of the findings. Offsets come in code points, as Python counts them.

export function unitAt(text, point) {
  let units = 0;
  for (const char of text) {
    if (point-- <= 0) break;
    units += char.length;
  }
  return units;
}

const DRAWN = { " ": "␣", "\u3000": "□", "\t": "→", "\u00a0": "⍽", "\n": "¶" };
let drawn = false;

/** Whether spaces and line ends are drawn from now on. */
export const drawSpaces = (on) => { drawn = on; };

/** The text as nodes; with spaces drawn, each in an element that takes no room of its own. */
export function nodesOf(text) {
  if (!drawn || text.length > 20_000) return [text];
  return text.split(/([ \u3000\t\u00a0\n])/).filter(Boolean).flatMap((piece) => {
    if (!(piece in DRAWN)) return [piece];
    const space = document.createElement("span");
    space.className = "ws";
    space.dataset.as = DRAWN[piece];
    if (piece === "\n") return [space, piece];
    space.textContent = piece;
    return [space];
  });
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
    mirror.append(...nodesOf(text.slice(at, span.from)));
    const mark = document.createElement("mark");
    mark.className = span.severity;
    mark.append(...(span.to > span.from ? nodesOf(text.slice(span.from, span.to)) : ["\u200b\u00a0"])); // or missing
    mirror.append(mark);
    at = span.to;
  }
  mirror.append(...nodesOf(text.slice(at)), "\u200b");
}
