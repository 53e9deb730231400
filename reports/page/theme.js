// SPDX-License-Identifier: MIT
'use strict';
// Colours come from the style sheet, so that charts follow dark mode and paper.
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The style sheet has Okabe & Ito 2008 without its yellow; the same order as in curve.svg.
const colourOf = (index) => css(`--colour-${index % 6}`);
const MARKS = ['circle', 'rect', 'triangle', 'rectRot', 'star', 'crossRot'];
// Of attacks where colour means the model; the worst case is solid.
const DASHES = [[7, 4], [2, 3], [9, 3, 2, 3], [4, 2], [1, 4], [12, 4]];

// One look per attack in all runs and norms, in order of appearance.
const looks = new Map();
for (const r of data.runs) {
  for (const s of r.series) {
    const key = `${s.kind} ${s.attack}`;
    if (looks.has(key)) continue;
    const before = [...looks.keys()].filter((k) => k.startsWith(s.kind)).length;
    looks.set(key, { place: before, mark: MARKS[before % 6], worst: s.kind === 'worst-case' });
  }
}
// Colour means the model where there are several, else the attack.
function lookOf(c) {
  const look = looks.get(`${c.series.kind} ${c.series.attack}`);
  const band = isBand(c.series);
  const mark = band ? 'circle' : look.worst ? 'crossRot' : look.mark;
  if (several) return { ...look, mark, colour: colourOf(c.run) };
  const colour = band ? css('--band') : look.worst ? css('--ink')
    : c.series.kind === 'control' ? css('--noise') : colourOf(look.place);
  return { ...look, mark, colour };
}
function dashOf(c) {
  const look = looks.get(`${c.series.kind} ${c.series.attack}`);
  if (isBand(c.series)) return [7, 5];
  if (c.series.kind === 'control') return several ? [1, 3] : [7, 5 + 3 * look.place];
  return several && !look.worst ? DASHES[look.place % DASHES.length] : [];
}
function faded(colour, share) {
  const probe = colour.startsWith('#') && colour.length === 7 ? colour : '#808080';
  const part = (from) => parseInt(probe.slice(from, from + 2), 16);
  return `rgba(${part(1)}, ${part(3)}, ${part(5)}, ${share})`;
}

const charts = [];
// A chart on the canvas `id`; `options` are Chart.js's, on top of what all charts share.
function makeChart(id, config) {
  const chart = new Chart(byId(id), config);
  charts.push(chart);
  return chart;
}
// Ticks of an ε axis where something was measured, as many as have room for their labels, the
// largest among them: every label stands at a line, and every line has a label.
function measuredTicks(values, symbolOf = compact) {
  return (scale) => {
    const { ctx, options: { min, max, type } } = scale;
    const at = type === 'logarithmic' ? (v) => Math.log(v / min) / Math.log(max / min)
      : (v) => (v - min) / (max - min);
    const half = (v) => ctx.measureText(symbolOf(v)).width / 2 + 8;
    const pixel = (v) => at(v) * scale.maxWidth * 0.92; // labels of the other axis stand beside it
    const kept = [];
    const fits = (value) => kept.length === 0 ||
      pixel(kept.at(-1)) + half(kept.at(-1)) <= pixel(value) - half(value);
    const largest = values.at(-1);
    // Even steps where the values have them: the smallest number of steps at which all labels fit.
    const step = values[1] - values[0];
    const even = type !== 'logarithmic' &&
      values.every((value, k) => Math.abs(value - values[0] - k * step) < step / 100);
    const room = Math.max(...values.map(half)) * 2;
    const stride = even ? Math.max(1, Math.ceil(room / (pixel(values[1]) - pixel(values[0])))) : 1;
    for (const [k, value] of values.entries()) if (k % stride === 0 && fits(value)) kept.push(value);
    while (kept.at(-1) !== largest && !fits(largest)) kept.pop();
    if (kept.at(-1) !== largest) kept.push(largest);
    scale.ticks = kept.map((value) => ({ value, label: symbolOf(value) }));
  };
}
function axis(title, more = {}) {
  return {
    title: { display: true, text: title, color: css('--ink') },
    ticks: { color: css('--faint'), ...(more.ticks ?? {}) },
    grid: { color: css('--line') },
    ...Object.fromEntries(Object.entries(more).filter(([key]) => key !== 'ticks')),
  };
}

Chart.defaults.animation = false;
Chart.defaults.maintainAspectRatio = false;
Chart.defaults.font.family = 'system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif';
Chart.defaults.font.size = 13;
Chart.defaults.plugins.legend.display = false;

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => change({}));

// On paper charts are as wide as the text of an A4 page, sharp, and in the colours of the light
// page; whatever the screen is.
const PAPER = { width: 680, height: 300, sharp: 3 };
addEventListener('beforeprint', () => {
  document.documentElement.dataset.paper = '';
  for (const fold of document.querySelectorAll('details')) fold.open = true;
  change({});
  for (const chart of charts) {
    chart.options.devicePixelRatio = PAPER.sharp;
    chart.resize(PAPER.width, PAPER.height);
  }
});
addEventListener('afterprint', () => {
  delete document.documentElement.dataset.paper;
  for (const chart of charts) {
    delete chart.options.devicePixelRatio;
    chart.resize();
  }
  change({});
});
