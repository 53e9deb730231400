// SPDX-License-Identifier: MIT
'use strict';
// Of the chosen attack at the chosen ε: accuracy per class, who became whom, confidences.
{
  const MOST_COLUMNS = 20; // of the table; beyond it the most frequent pairs are listed

  // 95 % intervals as thin lines on the bars.
  const whiskers = {
    id: 'whiskers',
    afterDatasetsDraw(chart) {
      const set = chart.data.datasets.findIndex((s) => s.intervals);
      if (set < 0) return;
      const { ctx, scales } = chart;
      ctx.save();
      ctx.strokeStyle = css('--ink');
      chart.getDatasetMeta(set).data.forEach((bar, index) => {
        const [low, high] = chart.data.datasets[set].intervals[index];
        ctx.beginPath();
        ctx.moveTo(bar.x, scales.y.getPixelForValue(100 * low));
        ctx.lineTo(bar.x, scales.y.getPixelForValue(100 * high));
        ctx.stroke();
      });
      ctx.restore();
    },
  };

  const classChart = makeChart('classes-chart', {
    type: 'bar', data: { labels: [], datasets: [] }, plugins: [whiskers],
    options: {
      interaction: { mode: 'index', intersect: false },
      plugins: {
        tooltip: { filter: (hit) => hit.dataset.intervals, callbacks: { label: (hit) => hit.dataset.texts[hit.dataIndex] } },
      },
    },
  });
  const confidenceChart = makeChart('confidence-chart', {
    type: 'bar', data: { labels: [], datasets: [] },
    options: { interaction: { mode: 'index', intersect: false } },
  });

  function drawClasses(p) {
    const names = run().classes;
    const intervals = p.classes.map((k, c) => wilson(k, p.class_n[c]));
    classChart.data = {
      labels: names,
      datasets: [{
        label: 'correct', intervals,
        data: p.classes.map((k, c) => (p.class_n[c] ? (100 * k) / p.class_n[c] : 0)),
        texts: p.classes.map((k, c) => pointText(
          { k, n: p.class_n[c], low: intervals[c][0], high: intervals[c][1] })),
        backgroundColor: css('--bar'),
      }],
    };
    classChart.options.scales = {
      x: axis('true class', { grid: { display: false } }),
      y: axis('accuracy in %', { min: 0, max: 100 }),
    };
    classChart.update();
    byId('classes-chart').setAttribute('aria-label', `Accuracy per class at ε = ${p.text}: ` +
      names.map((name, c) => `${name} ${percent(p.classes[c] / p.class_n[c])}`).join(', '));
  }

  function cell(count, n, right) {
    const share = n ? count / n : 0;
    return element('td', {
      class: right ? 'heat good' : 'heat bad', style: `--v:${share.toFixed(3)}`,
      title: `${grouped(count)} of ${grouped(n)}`,
    }, count ? grouped(count) : '');
  }

  function drawTable(p) {
    const names = run().classes;
    const count = new Map(p.became.map(([truth, said, k]) => [`${truth} ${said}`, k]));
    const head = element('tr', {}, element('th', { scope: 'col' }, 'true ↓ predicted →'),
      ...names.map((name) => element('th', { scope: 'col' }, name)));
    const rows = names.map((name, truth) => element('tr', {},
      element('th', { scope: 'row' }, name),
      ...names.map((_, said) => (said === truth ? cell(p.classes[truth], p.class_n[truth], true)
        : cell(count.get(`${truth} ${said}`) ?? 0, p.class_n[truth], false)))));
    return element('table', { class: 'became' }, element('thead', {}, head),
      element('tbody', {}, ...rows));
  }

  function drawList(p) {
    const names = run().classes;
    return element('ol', {}, ...p.became.slice(0, 40).map(([truth, said, k]) =>
      element('li', {}, `${names[truth]} → ${names[said]}: ${grouped(k)} of ${grouped(p.class_n[truth])}`)));
  }

  function drawConfidences(p) {
    const width = 100 / p.right.length;
    confidenceChart.data = {
      labels: p.right.map((_, k) => `${k * width}–${(k + 1) * width}`),
      datasets: [
        { label: 'correct', data: p.right, backgroundColor: css('--bar'), stack: 'all' },
        { label: 'misclassified', data: p.fooled, backgroundColor: css('--bad'), stack: 'all' },
      ],
    };
    confidenceChart.options.plugins.legend = { display: true, labels: { color: css('--ink') } };
    confidenceChart.options.scales = {
      x: axis('confidence in the prediction, in %', { stacked: true, grid: { display: false } }),
      y: axis('images', { stacked: true, ticks: { precision: 0 } }),
    };
    confidenceChart.update();
    const sum = (counts) => grouped(counts.reduce((a, b) => a + b, 0));
    byId('confidence-chart').setAttribute('aria-label',
      `Confidences at ε = ${p.text}: ${sum(p.right)} images classified correctly, ${sum(p.fooled)} misclassified`);
  }

  observe(() => {
    const p = pointAt(series(), state.epsilon);
    byId('classes').hidden = !p?.classes?.length;
    byId('became').hidden = !p || !p.became;
    byId('confidence').hidden = !p || !p.right;
    if (!p) return;
    const where = `${seriesName(series())}, ${series().symbol}, ε = ${p.text}` +
      (several ? `, ${run().name}` : '');
    for (const node of document.querySelectorAll('.where')) node.textContent = where;
    if (p.classes?.length) drawClasses(p);
    if (p.became) {
      byId('became-table').replaceChildren(
        run().classes.length <= MOST_COLUMNS ? drawTable(p) : drawList(p));
    }
    if (p.right) drawConfidences(p);
  });
}
