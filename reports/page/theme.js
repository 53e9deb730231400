// SPDX-License-Identifier: MIT
'use strict';
// Colours come from the style sheet, so that charts follow dark mode and paper.
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Okabe & Ito 2008 without its yellow; the same order as in curve.svg.
const ATTACK_COLOURS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9'];
const CONTROL_COLOURS = ['#767676', '#8C8C8C', '#5F5F5F'];
const MARKS = ['circle', 'rect', 'triangle', 'rectRot', 'star', 'crossRot'];

// One look per attack in all runs and norms, in order of appearance.
const looks = new Map();
for (const r of data.runs) {
  for (const s of r.series) {
    const key = `${s.kind} ${s.attack}`;
    if (looks.has(key)) continue;
    const before = [...looks.keys()].filter((k) => k.startsWith(s.kind)).length;
    const control = s.kind === 'control';
    looks.set(key, {
      colour: control ? CONTROL_COLOURS[before % 3] : ATTACK_COLOURS[before % 6],
      mark: MARKS[before % 6],
      worst: s.kind === 'worst-case',
      control,
    });
  }
}
// Bands have no attack's colour, and every run one of its own.
const bandColour = (s) => css(`--band-${data.runs.findIndex((r) => r.series.includes(s)) % 4}`);
function lookOf(s) {
  const look = looks.get(`${s.kind} ${s.attack}`);
  if (isBand(s)) return { ...look, colour: bandColour(s), mark: 'circle' };
  return look.worst ? { ...look, colour: css('--ink'), mark: 'crossRot' } : look;
}
// Noise is dashed; a second run is dotted.
function dashOf(c) {
  if (isBand(c.series)) return [7, 5];
  if (c.run > 0) return c.series.kind === 'control' ? [2, 6] : [2, 3];
  return c.series.kind === 'control' ? [7, 5] : [];
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

for (const query of ['(prefers-color-scheme: dark)', 'print']) {
  matchMedia(query).addEventListener('change', () => change({}));
}
addEventListener('beforeprint', () => {
  for (const fold of document.querySelectorAll('details')) fold.open = true;
  for (const chart of charts) chart.resize();
});
addEventListener('afterprint', () => charts.forEach((chart) => chart.resize()));
