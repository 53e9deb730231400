// SPDX-License-Identifier: MIT
'use strict';
// What the page shows and who is told when that changes. `data` is what reports/page/page_data.hpp says.
const data = JSON.parse(document.getElementById('data').textContent);
const several = data.runs.length > 1;

const state = {
  run: 0, // whose attack the sections below the curve show
  series: 0, // index into the run's series
  epsilon: 0,
  log: false,
  hidden: new Set(), // keys of curves that the legend switched off
  pointed: null, // key of the curve that is pointed at
};

const observers = [];
function observe(draw) {
  observers.push(draw);
}
function change(patch) {
  Object.assign(state, patch);
  for (const draw of observers) draw();
}

const run = () => data.runs[state.run];
const series = () => run().series[state.series];
const norm = () => series().norm;

function normsOf(runs) {
  const norms = new Map();
  for (const r of runs) for (const s of r.series) norms.set(s.norm, s.symbol);
  return norms;
}

// Every curve in the chosen norm, of all runs.
function curves() {
  return data.runs.flatMap((r, index) =>
    r.series.filter((s) => s.norm === norm()).map((s) => ({ run: index, series: s })));
}

// Rising, of all curves in the chosen norm.
function epsilons() {
  const all = new Set(curves().flatMap((c) => c.series.points.map((p) => p.e)));
  return [...all].sort((a, b) => a - b);
}

// The point at this ε, or null.
const pointAt = (s, epsilon) => s.points.find((p) => p.e === epsilon) ?? null;

// The curve whose numbers the sections below the chart show.
const chosenCurve = () => ({ run: state.run, series: series() });

// The series' name as in the tables.
const seriesName = (s) => s.name;
const curveKey = (c) => `${c.run} ${c.series.norm} ${c.series.attack}`;
const curveName = (c) =>
  several ? `${data.runs[c.run].name} · ${seriesName(c.series)}` : seriesName(c.series);

// What stands for a run in a norm: all attacks together, or the strongest one; of noise and
// certificates alone the first.
function strongest(r, normName) {
  const own = r.series.filter((s) => s.norm === normName);
  const attacks = own.filter((s) => s.kind !== 'control' && !isBand(s));
  const mean = (s) => s.points.reduce((sum, p) => sum + p.k / p.n, 0) / s.points.length;
  return attacks.find((s) => s.kind === 'worst-case') ??
    attacks.reduce((best, s) => (best && mean(best) <= mean(s) ? best : s), null) ?? own[0];
}

function unitsOf(r, normName) {
  return normName === 'l0' ? 'changed input values' : r.units;
}

// Numbers are written as in the tables (reports/record/text.hpp).
function percent(fraction) {
  if (!Number.isFinite(fraction)) return '–';
  const text = (100 * fraction).toFixed(1);
  if (text === '100.0' && fraction < 1) return '> 99.9 %';
  if (text === '0.0' && fraction > 0) return '< 0.1 %';
  return `${text} %`;
}
function intervalText(low, high) {
  const lower = (100 * low).toFixed(1);
  const upper = (100 * high).toFixed(1);
  return `${lower === '100.0' && low < 1 ? '99.9' : lower}–${upper === '0.0' && high > 0 ? '0.1' : upper} %`;
}
const grouped = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ',');
const compact = (value) => String(Number(value.toPrecision(5)));

// "81.2 % (8,120 of 10,000; 95 % interval 80.4–81.9 %)"
function pointText(p) {
  return `${percent(p.k / p.n)} (${grouped(p.k)} of ${grouped(p.n)}; 95 % interval ` +
    `${intervalText(p.low, p.high)})`;
}

// Of a band: "certified 73.8 % (…), falsified 22.1 % (…), undecided 41", or "exact, 0 undecided".
const isBand = (s) => s.kind === 'certified';
const exact = (p) => p.undecided === 0;
const undecidedText = (p) => (exact(p) ? 'exact, 0 undecided' : `undecided ${grouped(p.undecided)}`);
function seriesText(s, p) {
  return isBand(s) ? `${pointText(p)}, falsified ${pointText(p.attacked)}, ${undecidedText(p)}` : pointText(p);
}

// Wilson 1927, as wilson95() in reports/record/record.cpp.
function wilson(k, n) {
  if (n === 0) return [0, 1];
  const z = 1.959963984540054;
  const centre = k + (z * z) / 2;
  const half = z * Math.sqrt((k * (n - k)) / n + (z * z) / 4);
  return [k === 0 ? 0 : (centre - half) / (n + z * z), k === n ? 1 : (centre + half) / (n + z * z)];
}

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    // The page's policy allows no style attribute, but what a script that it knows sets.
    if (name === 'style') node.style.cssText = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}
const byId = (id) => document.getElementById(id);
