// The live view of a running job: uPlot over the figures of /jobs/…/metrics.json, while the server-drawn picture waits.
// Without uPlot, or once the job has ended, the picture stands: nothing is lost but the cursor.

const INTERVAL = 2000;

/** Two lines over one step axis: [steps, training, validation], null where a step has no figure. */
function columns({ train, valid }) {
  const rows = new Map();
  for (const [place, line] of [[1, train], [2, valid]]) {
    for (const [step, value] of line) {
      if (!rows.has(step)) rows.set(step, [step, null, null]);
      rows.get(step)[place] = value;
    }
  }
  const sorted = [...rows.values()].sort((a, b) => a[0] - b[0]);
  return [0, 1, 2].map((place) => sorted.map((row) => row[place]));
}

function colours() {
  const of = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // light-dark() is resolved only where it is used, so a probe element is asked: a new one for each colour, because an
  // element that changes its colour may still be on the way from the one before.
  return Object.fromEntries(
    ["--ink-3", "--accent", "--line", "--ink-2"].map((name) => {
      const probe = document.createElement("i");
      probe.style.color = of(name);
      document.body.append(probe);
      const resolved = getComputedStyle(probe).color;
      probe.remove();
      return [name, resolved];
    }),
  );
}

function draw(box, data) {
  const colour = colours();
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const hairline = { stroke: colour["--line"], width: 1 };
  const axis = { font, labelFont: font, stroke: colour["--ink-2"], grid: hairline, ticks: hairline };
  const wholeSteps = [1, 2, 5].flatMap((first) => [0, 1, 2, 3, 4, 5, 6].map((power) => first * 10 ** power));
  const options = {
    width: box.clientWidth || 640,
    height: 260,
    scales: { x: { time: false } },
    axes: [{ ...axis, label: box.dataset.step, incrs: wholeSteps.sort((a, b) => a - b), grid: { show: false } }, { ...axis, label: box.dataset.loss }],
    series: [
      { label: box.dataset.step },
      { label: box.dataset.train, stroke: colour["--ink-3"], width: 1.5, spanGaps: true },
      { label: box.dataset.valid, stroke: colour["--accent"], width: 2, dash: [6, 4], spanGaps: true, points: { show: true } },
    ],
  };
  return new window.uPlot(options, columns(data), box);
}

function follow(box) {
  const still = document.getElementById("still");
  let plot = null;

  function stop() {
    plot?.destroy();
    plot = null;
    box.hidden = true;
    still.hidden = false;
  }

  async function tick() {
    let data;
    try {
      const answer = await fetch(box.dataset.url, { headers: { Accept: "application/json" } });
      if (!answer.ok) return stop();
      data = await answer.json();
    } catch {
      return setTimeout(tick, 5 * INTERVAL); // the network is away: the last picture stays
    }
    if (data.final) return stop();
    if (data.train.length > 1) {
      box.hidden = false;
      still.hidden = true;
      if (plot) plot.setData(columns(data));
      else plot = draw(box, data);
    }
    return setTimeout(tick, document.hidden ? 5 * INTERVAL : INTERVAL);
  }

  window.addEventListener("resize", () => plot?.setSize({ width: box.clientWidth, height: 260 }));
  tick();
}

const box = document.getElementById("plot");
if (box && window.uPlot) follow(box);
