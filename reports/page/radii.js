// SPDX-License-Identifier: MIT
'use strict';
// Between the two ends of what is known of the smallest distances: images that may be and that are
// broken within each.
{
  const chart = makeChart('radii-chart', {
    type: 'line', data: { datasets: [] },
    options: {
      interaction: { mode: 'index', intersect: false },
      plugins: {
        tooltip: {
          callbacks: {
            title: ([hit]) => `within ${compact(hit.parsed.x)}`,
            label: (hit) => `${hit.dataset.label}: ${percent(hit.parsed.y / 100)} ` +
              `(${grouped(hit.dataset.counts[hit.dataIndex])} of ${grouped(run().n)})`,
          },
        },
      },
    },
  });

  observe(() => {
    const band = run().series.find((s) => isBand(s) && s.norm === norm());
    const radii = band?.radii;
    byId('radii').hidden = !radii;
    if (!radii) return;
    const { colour } = lookOf({ run: state.run, series: band });
    const line = (label, counts, more) => ({
      label, counts, borderColor: colour, pointRadius: 0, stepped: 'before',
      data: counts.map((k, i) => ({ x: (radii.largest * i) / (counts.length - 1), y: (100 * k) / run().n })),
      ...more,
    });
    chart.data = {
      datasets: [
        line('counterexample found', radii.are, { borderWidth: 1.6 }),
        line('not certified', radii.may,
          { borderWidth: 1.6, borderDash: [7, 5], fill: '-1', backgroundColor: faded(colour, 0.28) }),
      ],
    };
    chart.options.plugins.legend = { display: true, labels: { color: css('--ink'), boxHeight: 1 } };
    chart.options.scales = {
      x: axis(`distance (${unitsOf(run(), norm())}, ${band.symbol})`, {
        type: 'linear', min: 0, max: radii.largest, ticks: { maxRotation: 0, autoSkipPadding: 12 },
      }),
      y: axis(`images in %, n = ${grouped(run().n)}`, { min: 0, max: 100 }),
    };
    chart.update();
    const [certified, attacked] = radii.medians.map((m) => (m === null ? 'not known' : compact(m)));
    const text = `The smallest adversarial distance lies between a certified lower bound and a counterexample. ` +
      `Median lower bound ${certified}, median upper bound ${attacked}, over ${grouped(run().n)} images.`;
    byId('radii-text').textContent = text;
    byId('radii-chart').setAttribute('aria-label', text);
  });
}
