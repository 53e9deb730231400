// SPDX-License-Identifier: MIT
'use strict';
// The strongest curve of the first norm, at the ε where there is most to see. Of several models, one
// curve each: the others are a click away.
{
  const first = data.runs.find((r) => r.series.length > 0);
  if (first) {
    if (several) {
      for (const [index, r] of data.runs.entries()) {
        for (const s of r.series) {
          if (s === strongest(r, s.norm) || isBand(s)) continue;
          state.hidden.add(curveKey({ run: index, series: s }));
        }
      }
    }
    const shown = strongest(first, first.series[0].norm);
    for (const node of document.querySelectorAll('[data-needs-script]')) node.hidden = false;
    change({
      run: data.runs.indexOf(first), series: first.series.indexOf(shown), epsilon: tellingEpsilon(shown),
    });
  }
}
