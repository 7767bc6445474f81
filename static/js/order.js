// What decides whose turn it is goes to the server one after another, in the order of the keys. Two requests at once may
// be worked at in any order: the page would then say what was before, or pass over a sample.

let going = 0;
let last = Promise.resolve(false);

/** `does({before, first})` sends once `before` is over; `first`: nothing else was on its way. Returns what it promises. */
export function inOrder(does) {
  const asked = { before: last, first: going === 0 };
  going += 1;
  const done = does(asked).finally(() => { going -= 1; });
  last = done.catch(() => false);
  return done;
}

export const isUnderWay = () => going > 0;

/** Until what was sent last is answered, and the page says so: what it came to. */
export const answered = () => last;
