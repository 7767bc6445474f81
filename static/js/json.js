// A JSON text taken apart with the place of every value, as core/forms does it on the server, so that one value can be
// rewritten and nothing else. Places count UTF-16 units, as text areas do.

const TOKEN = /[ \t\r\n]*("(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+)/gsy;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

export const isNumber = (text) => NUMBER.test(text);
export const isJson = (text) => { try { JSON.parse(text); return true; } catch { return false; } };

// What stands inside the Markdown fence that wraps the whole text, as [start, end].
function inside(text) {
  const whole = text.trim();
  if (!whole.startsWith("```") || !whole.endsWith("```") || !whole.includes("\n")) return [0, text.length];
  const start = text.indexOf("\n", text.indexOf("```")) + 1;
  const end = text.lastIndexOf("```");
  return text.slice(start, end).includes("```") ? [0, text.length] : [start, end];
}

function value(next) {
  const { said, start, end } = next();
  if (said === "{") {
    const members = [];
    for (;;) {
      let key = next();
      if (key.said === ",") key = next();
      if (key.said === "}") return { kind: "object", start, end: key.end, members };
      next();
      members.push({ key: JSON.parse(key.said), start: key.start, end: key.end, node: value(next) });
    }
  }
  if (said === "[") {
    const items = [];
    for (;;) {
      const token = next.peek();
      if (token.said === "]") return { kind: "array", start, end: next().end, items };
      if (token.said === ",") next();
      items.push(value(next));
    }
  }
  const kind = said[0] === '"' ? "string" : said === "null" ? "null" : said === "true" || said === "false" ? "boolean" : "number";
  return { kind, start, end };
}

// The value that the text writes, or null where it is not JSON.
export function scan(text) {
  const [from, to] = inside(text);
  if (!isJson(text.slice(from, to))) return null;
  TOKEN.lastIndex = from;
  let ahead = null;
  const read = () => {
    const match = TOKEN.exec(text);
    return { said: match[1], start: match.index + match[0].length - match[1].length, end: match.index + match[0].length };
  };
  const next = () => { const token = ahead ?? read(); ahead = null; return token; };
  next.peek = () => { ahead ??= read(); return ahead; };
  return value(next);
}

export const partsOf = (pointer) => pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
export const parentOf = (pointer) => pointer.slice(0, pointer.lastIndexOf("/"));

export function find(root, pointer) {
  let node = root;
  for (const part of partsOf(pointer)) {
    if (!node) return null;
    node = node.kind === "array" ? node.items[part] : node.members?.find((member) => member.key === part)?.node;
  }
  return node ?? null;
}

// Where a new member goes, and how it is written: behind the last of the keys that come `before` it, like its neighbours.
export function insertion(text, holder, key, json, before) {
  const { members } = holder;
  if (!members.length) {
    const inner = `${JSON.stringify(key)}: ${json}`;
    const indent = /^[\s`a-z]*[[{]\s*\n([ \t]+)/.exec(text)?.[1];
    const margin = /^[ \t]*/.exec(text.slice(text.lastIndexOf("\n", holder.start - 1) + 1))[0];
    const written = indent ? `\n${margin}${indent}${inner}\n${margin}` : inner;
    return { at: holder.start + 1, to: holder.end - 1, text: written };
  }
  const lead = JSON.stringify(key) + text.slice(members[0].end, members[0].node.start) + json;
  const gap = text.slice(holder.start + 1, members[0].start);
  let comma = ", ";
  if (gap.includes("\n")) comma = `,${gap}`;
  else if (members.length > 1) comma = text.slice(members[0].node.end, members[1].start);
  const last = members.findLast((member) => before.includes(member.key));
  if (!last) return { at: members[0].start, to: members[0].start, text: lead + comma };
  return { at: last.node.end, to: last.node.end, text: comma + lead };
}
