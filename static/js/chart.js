// The live view of a running job: uPlot over the figures of /jobs/…/metrics.json, while the server-drawn picture waits.
// Without uPlot, or once the job has ended, the picture stands: nothing is lost but the cursor. How the curves are drawn
// is in the address that the server wrote into the box; links beside it change it, and this starts anew.

const INTERVAL = 2000;
const HEIGHT = { first: 260, other: 150 };

/** The lines of a panel over one axis: [places, figures of the first line, …], null where a place has no figure. */
function columns(lines) {
  const rows = new Map();
  lines.forEach((line, place) => {
    for (const [at, value] of line.points) {
      if (!rows.has(at)) rows.set(at, Array(lines.length).fill(null));
      rows.get(at)[place] = value;
    }
  });
  const places = [...rows.keys()].sort((a, b) => a - b);
  return [places, ...lines.map((_, index) => places.map((at) => rows.get(at)[index]))];
}

/** A smoothed line is drawn over its own true one. */
function drawn(panel) {
  return panel.lines.flatMap((line) =>
    line.raw.length ? [{ name: "", look: `${line.look} raw`, points: line.raw }, line] : [line],
  );
}

function colours() {
  const of = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // light-dark() is resolved only where it is used, so a probe element is asked: a new one for each colour, because an
  // element that changes its colour may still be on the way from the one before.
  return Object.fromEntries(
    ["--ink-3", "--accent", "--line", "--ink-2", "--line-2", "--ok"].map((name) => {
      const probe = document.createElement("i");
      probe.style.color = of(name);
      document.body.append(probe);
      const resolved = getComputedStyle(probe).color;
      probe.remove();
      return [name, resolved];
    }),
  );
}

function stroke(look, colour) {
  if (look.endsWith("raw")) return { stroke: colour["--line-2"], width: 1 };
  if (look === "valid") return { stroke: colour["--accent"], width: 2, dash: [6, 4], points: { show: true } };
  if (look === "score") return { stroke: colour["--ok"], width: 2, points: { show: true } };
  return { stroke: colour["--ink-3"], width: 1.5 };
}

/** What the box has within its padding. */
function room(box) {
  const { paddingLeft, paddingRight } = getComputedStyle(box);
  return box.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) || 640;
}

function draw(box, panel, first, last) {
  const colour = colours();
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const hairline = { stroke: colour["--line"], width: 1 };
  const axis = { font, labelFont: font, stroke: colour["--ink-2"], grid: hairline, ticks: hairline };
  const lines = drawn(panel);
  const says = (value) => (panel.share ? `${Number((100 * value).toPrecision(4))} %` : `${Number(value.toPrecision(4))}`);
  const options = {
    width: room(box),
    height: first ? HEIGHT.first : HEIGHT.other,
    cursor: { sync: { key: "run" } },
    scales: { x: { time: false }, y: panel.log ? { distr: 3 } : {} },
    axes: [
      { ...axis, label: last ? box.dataset.axis : undefined, grid: { show: false } },
      { ...axis, label: panel.title, size: 72, space: 24, values: (_plot, ticks) => ticks.map((tick) => (tick === null ? "" : says(tick))) },
    ],
    series: [
      { label: box.dataset.axis },
      ...lines.map((line) => ({
        label: line.name || panel.title,
        spanGaps: true,
        points: { show: false },
        value: (_plot, value) => (value === null || value === undefined ? "–" : says(value)),
        ...stroke(line.look, colour),
      })),
    ],
  };
  return new window.uPlot(options, columns(lines), box);
}

const shape = (panels) => JSON.stringify(panels.map((panel) => [panel.title, drawn(panel).map((line) => line.look)]));

function follow(box) {
  const still = document.getElementById("still");
  let plots = [];
  let known = "";
  let timer = 0;

  function forget() {
    for (const plot of plots) plot.destroy();
    plots = [];
  }

  function stop() {
    clearTimeout(timer);
    forget();
    box.hidden = true;
    still.hidden = false;
  }

  function show(panels) {
    const now = shape(panels);
    if (now !== known) {
      // The page keeps its height while one picture takes the place of the other.
      box.style.minHeight = `${(box.hidden ? still : box).offsetHeight}px`;
      forget();
      box.hidden = false;
      still.hidden = true;
      plots = panels.map((panel, index) => draw(box, panel, index === 0, index === panels.length - 1));
      box.removeAttribute("style"); // not only emptied: htmx would carry an attribute over, which the policy refuses
      known = now;
      return;
    }
    plots.forEach((plot, index) => plot.setData(columns(drawn(panels[index]))));
  }

  async function tick() {
    let data;
    try {
      const answer = await fetch(box.dataset.url, { headers: { Accept: "application/json" } });
      if (!answer.ok) return stop();
      data = await answer.json();
    } catch {
      timer = setTimeout(tick, 5 * INTERVAL); // the network is away: the last picture stays
      return undefined;
    }
    if (!box.isConnected) return forget(); // a link has put another chart in its place
    if (data.final) return stop();
    if (data.train.length > 1) show(data.panels);
    timer = setTimeout(tick, document.hidden ? 5 * INTERVAL : INTERVAL);
    return undefined;
  }

  window.addEventListener("resize", () => {
    plots.forEach((plot) => plot.setSize({ width: room(box), height: plot.height }));
  });
  tick();
}

function begin() {
  const box = document.getElementById("plot");
  if (!box || !window.uPlot || box.dataset.followed) return;
  box.dataset.followed = "true";
  follow(box);
}

begin();
document.addEventListener("htmx:afterSettle", begin);
