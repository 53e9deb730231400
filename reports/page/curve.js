// SPDX-License-Identifier: MIT
'use strict';
// Accuracy over ε: a line and its 95 % band per curve, a mark at the chosen ε. Bands are faint, but
// that of the curve pointed at.
{
  const CLEAN_ONLY = 'without attack';

  const FAINT = 0.12;
  const FULL = 0.38;
  const REACH = 24; // pixels from a curve at which it is pointed at

  const shown = () => curves().filter((c) => !state.hidden.has(curveKey(c)));

  // ε = 0 has no place on a logarithmic axis.
  const pointsOf = (c) => c.series.points.filter((p) => !state.log || p.e > 0);

  // Of a band: its upper edge, and its lower one as a line that is solid where the two are one.
  function bandOf(points, line, look, edge, pointed) {
    const one = (segment) => exact(points[segment.p0DataIndex]) && exact(points[segment.p1DataIndex]);
    return [
      { ...edge, data: line((p) => 1 - p.attacked.k / p.n), borderWidth: 1.2, borderColor: look.colour },
      {
        fill: '-1', backgroundColor: () => faded(look.colour, pointed() ? FULL : 0.2),
        pointBackgroundColor: points.map((p) => (exact(p) ? look.colour : css('--card'))),
        segment: {
          borderDash: (segment) => (one(segment) ? [] : undefined),
          borderWidth: (segment) => (one(segment) ? 3 : undefined),
        },
      },
    ];
  }

  function datasetsOf(c) {
    const look = lookOf(c);
    const points = pointsOf(c);
    const pointed = () => state.pointed === curveKey(c);
    const line = (y) => points.map((p) => ({ x: p.e, y: 100 * y(p) }));
    const edge = { pointRadius: 0, pointHitRadius: 0, borderWidth: 0, edge: true };
    const [upper, more] = isBand(c.series) ? bandOf(points, line, look, edge, pointed) : [];
    return [
      { ...edge, data: line((p) => p.low), fill: false },
      {
        ...edge, data: line((p) => p.high), fill: '-1',
        backgroundColor: () => faded(look.colour, pointed() ? FULL : FAINT),
      },
      ...(upper ? [upper] : []),
      {
        label: curveName(c), data: line((p) => p.k / p.n), curve: c, points,
        borderColor: look.colour, backgroundColor: look.colour,
        borderWidth: () => (pointed() ? 1 : 0) + (look.worst ? 2.2 : 1.6),
        borderDash: dashOf(c), pointStyle: look.mark, pointRadius: points.length > 16 ? 1.8 : 3.5,
        pointHoverRadius: 6, clip: 8, ...more,
      },
    ];
  }

  const marks = {
    id: 'marks',
    beforeDatasetsDraw(chart) {
      const { ctx, chartArea: area, scales } = chart;
      const classes = run().classes.length;
      ctx.save();
      ctx.strokeStyle = css('--faint');
      if (classes > 1) {
        const y = scales.y.getPixelForValue(100 / classes);
        ctx.setLineDash([2, 3]);
        ctx.beginPath();
        ctx.moveTo(area.left, y);
        ctx.lineTo(area.right, y);
        ctx.stroke();
      }
      const x = scales.x.getPixelForValue(state.epsilon);
      if (x >= area.left - 1 && x <= area.right + 1) {
        ctx.setLineDash([]);
        ctx.strokeStyle = css('--accent');
        ctx.beginPath();
        ctx.moveTo(x, area.top);
        ctx.lineTo(x, area.bottom);
        ctx.stroke();
      }
      ctx.restore();
    },
  };

  // The tooltip is part of the document, so that it can be read out, selected and tested.
  function showTip({ chart, tooltip }) {
    const tip = byId('curve-tip');
    const hits = (tooltip.dataPoints ?? []).filter((hit) => hit.dataset.points);
    tip.hidden = tooltip.opacity === 0 || hits.length === 0;
    if (tip.hidden) return;
    const nearest = hits[0].dataset.points[hits[0].dataIndex].e;
    const rows = hits
      .map((hit) => ({ set: hit.dataset, p: hit.dataset.points[hit.dataIndex] }))
      .filter((row) => row.p.e === nearest);
    tip.replaceChildren(
      element('strong', {}, `ε = ${rows[0].p.text}`),
      ...rows.map((row) => {
        const swatch = element('i', { class: 'swatch', style: `background:${row.set.borderColor}` });
        const chosen = curveKey(row.set.curve) === state.pointed ? 'pointed' : '';
        return element('div', { class: chosen, 'data-attack': row.set.curve.series.attack }, swatch,
          `${row.set.label}: ${seriesText(row.set.curve.series, row.p)}`);
      }));
    const width = chart.canvas.clientWidth;
    tip.style.maxWidth = `${Math.min(460, width - 16)}px`;
    const left = tooltip.caretX + 14 + tip.offsetWidth > width
      ? Math.max(8, tooltip.caretX - 14 - tip.offsetWidth) : tooltip.caretX + 14;
    tip.style.left = `${Math.min(left, width - tip.offsetWidth - 8)}px`;
    tip.style.top = `${chart.chartArea.top + 4}px`;
  }

  const chart = makeChart('curve', {
    type: 'line',
    data: { datasets: [] },
    plugins: [marks],
    options: {
      interaction: { mode: 'nearest', axis: 'x', intersect: false },
      plugins: {
        tooltip: { enabled: false, external: showTip, filter: (hit) => !hit.dataset.edge },
      },
      // Chart.js tells of a move later, when the pointer may be elsewhere.
      onHover(event, _, self) {
        if (self.canvas.matches(':hover')) point(keyAt(self, event));
      },
      onClick(event, hits, self) {
        const hit = hits.find((one) => self.data.datasets[one.datasetIndex].points);
        if (hit) change({ epsilon: self.data.datasets[hit.datasetIndex].points[hit.index].e });
      },
    },
  });

  function point(key) {
    if (state.pointed === key) return;
    state.pointed = key;
    chart.update('none');
  }
  // The curve nearest above or below, along its line.
  function keyAt(self, { x, y }) {
    let best = { key: null, away: REACH };
    self.data.datasets.forEach((set, index) => {
      if (!set.curve) return;
      const marks = self.getDatasetMeta(index).data;
      const right = marks.findIndex((mark) => mark.x >= x);
      const [from, to] = right > 0 ? [marks[right - 1], marks[right]] : [marks[right], marks[right]];
      if (!from) return;
      const share = to.x > from.x ? (x - from.x) / (to.x - from.x) : 0;
      const away = Math.abs(y - (from.y + share * (to.y - from.y)));
      if (away < best.away) best = { key: curveKey(set.curve), away };
    });
    return best.key;
  }
  byId('curve').addEventListener('pointerleave', () => point(null));

  // Says how a band is to be read.
  function legendName(c) {
    if (!isBand(c.series)) return seriesName(c.series);
    return seriesName(c.series) + (c.series.points.every(exact) ? ' = not falsified: exact (0 undecided)'
      : ' (dashed) to not falsified (solid), undecided between');
  }

  function legendEntry(c) {
    const look = lookOf(c);
    const key = curveKey(c);
    const dash = dashOf(c);
    const line = element('i', {
      class: 'swatch line',
      style: `border-top-color:${look.colour};border-top-style:` +
        (dash.length === 0 ? 'solid' : dash[0] < 3 ? 'dotted' : 'dashed'),
    });
    const button = element('button', {
      type: 'button', 'aria-pressed': String(!state.hidden.has(key)), 'data-curve': key,
      title: 'show or hide this curve',
    }, line, legendName(c));
    for (const event of ['pointerenter', 'focus']) button.addEventListener(event, () => point(key));
    for (const event of ['pointerleave', 'blur']) button.addEventListener(event, () => point(null));
    button.addEventListener('click', () => {
      state.hidden.has(key) ? state.hidden.delete(key) : state.hidden.add(key);
      change({});
      byId('curve-legend').querySelector(`[data-curve="${CSS.escape(key)}"]`).focus();
    });
    return button;
  }

  function normButtons() {
    const norms = normsOf(data.runs);
    if (norms.size < 2) return [];
    return [...norms].map(([name, symbol]) => {
      const button = element('button',
        { type: 'button', 'aria-pressed': String(name === norm()), 'data-norm': name }, symbol);
      button.addEventListener('click', () => {
        const inNorm = (s) => s.norm === name;
        const at = [state.run, ...data.runs.keys()].find((r) => data.runs[r].series.some(inNorm));
        const other = data.runs[at].series.findIndex(inNorm);
        change({ run: at, series: other, epsilon: tellingEpsilon(data.runs[at].series[other]) });
        byId('curve-controls').querySelector(`[data-norm="${name}"]`).focus();
      });
      return button;
    });
  }

  // A line per model where there are several.
  function legendGroups(list) {
    if (!several) return list.map(legendEntry);
    return data.runs.map((r, index) => element('div', { class: 'row', role: 'group', 'aria-label': r.name },
      element('strong', { style: `border-left-color:${colourOf(index)}` }, r.name),
      ...list.filter((c) => c.run === index).map(legendEntry)));
  }

  // Below the chart: inside it, the label would stand on points somewhere.
  function chanceEntry() {
    const classes = run().classes.length;
    if (classes < 2) return [];
    return [element('span', { class: 'chance' }, element('i', { class: 'swatch line' }),
      `chance level, 1 of ${classes}`)];
  }

  // "8/255" where all are written so.
  function tickText(measured) {
    const text = new Map(curves().flatMap((c) => c.series.points.map((p) => [p.e, p.text])));
    const levels = measured.every((e) => e === 0 || text.get(e).includes('='));
    return (e) => (levels && e > 0 ? text.get(e).split('= ')[1] : compact(e));
  }

  function axisButton() {
    const button = element('button',
      { type: 'button', id: 'axis-log', 'aria-pressed': String(state.log) }, 'logarithmic ε axis');
    button.addEventListener('click', () => {
      change({ log: !state.log });
      byId('axis-log').focus();
    });
    return button;
  }

  observe(() => {
    const list = curves();
    chart.data.datasets = shown().flatMap(datasetsOf);
    const symbol = series().symbol;
    const measured = epsilons().filter((e) => !state.log || e > 0);
    const largest = measured.at(-1);
    chart.options.scales = {
      x: axis(`perturbation size ε (${unitsOf(run(), norm())}, ${symbol})`, {
        type: state.log ? 'logarithmic' : 'linear', min: state.log ? measured[0] : 0,
        max: largest, afterBuildTicks: measuredTicks(measured, tickText(measured)),
        ticks: { autoSkip: false, maxRotation: 0, callback: (_, index, ticks) => ticks[index].label },
      }),
      y: axis(`accuracy in %, n = ${[...new Set(data.runs.map((r) => grouped(r.n)))].join(' and ')}`,
        { min: 0, max: 100 }),
    };
    chart.update();
    byId('curve-legend').replaceChildren(...legendGroups(list), ...chanceEntry());
    byId('curve-controls').replaceChildren(...normButtons(), axisButton());
    byId('curve').setAttribute('aria-label', `Accuracy over perturbation size, ${symbol}. ` +
      `At ε = ${state.epsilon}: ` + shown().map((c) => {
        const p = pointAt(c.series, state.epsilon);
        const undecided = p && isBand(c.series) ? `, ${undecidedText(p)}` : '';
        return `${curveName(c)} ${p ? percent(p.k / p.n) : CLEAN_ONLY}${undecided}`;
      }).join('; ') + '. Arrow keys move ε.');
  });

  function tipAt(epsilon) {
    const active = [];
    chart.data.datasets.forEach((set, datasetIndex) => {
      const index = (set.points ?? []).findIndex((p) => p.e === epsilon);
      if (index >= 0) active.push({ datasetIndex, index });
    });
    if (active.length === 0) return;
    const at = chart.getDatasetMeta(active[0].datasetIndex).data[active[0].index];
    chart.tooltip.setActiveElements(active, { x: at.x, y: at.y });
    chart.update();
  }
  byId('curve').addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    moveEpsilon(step);
    tipAt(state.epsilon);
  });
}
