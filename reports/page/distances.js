// SPDX-License-Identifier: MIT
'use strict';
// How far the samples had to be moved: the chosen attack's smallest distances as a histogram.
{
  const chart = makeChart('distances-chart', {
    type: 'bar', data: { datasets: [] },
    options: {
      plugins: {
        tooltip: {
          callbacks: {
            title: ([hit]) => hit.dataset.ranges[hit.dataIndex],
            label: (hit) => `${grouped(hit.parsed.y)} images`,
          },
        },
      },
      interaction: { mode: 'nearest', axis: 'x', intersect: false },
    },
  });

  observe(() => {
    const d = series().distances;
    byId('distances').hidden = !d;
    if (!d) return;
    const centre = (k) => (k + 0.5) * d.width;
    chart.data = {
      datasets: [{
        data: d.counts.map((count, k) => ({ x: centre(k), y: count })),
        ranges: d.counts.map((_, k) => `${compact(k * d.width)} to ${compact((k + 1) * d.width)}`),
        backgroundColor: faded(lookOf(chosenCurve()).colour, 0.75), grouped: false,
        barPercentage: 1, categoryPercentage: 0.96,
      }],
    };
    chart.options.scales = {
      x: axis(`smallest distance that breaks the image (${unitsOf(run(), norm())}, ${series().symbol})`, {
        type: 'linear', min: 0, max: d.width * d.counts.length, offset: false,
        ticks: { maxRotation: 0, autoSkipPadding: 12 },
      }),
      y: axis('images', { ticks: { precision: 0 } }),
    };
    chart.update();
    const text = `Median ${d.median === null ? 'not found' : compact(d.median)} of ${grouped(run().n)} ` +
      `images; ${grouped(d.clean)} are misclassified without attack (distance 0), ${grouped(d.beyond)} need ` +
      `more than the largest ε shown, ${grouped(d.never)} were never broken.`;
    byId('distances-text').textContent = text;
    byId('distances-chart').setAttribute('aria-label', `Smallest distances. ${text}`);
  });
}
