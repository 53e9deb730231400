// SPDX-License-Identifier: MIT
'use strict';
// The strongest curve of the first norm, of those with pictures where there are any, at the ε where
// there is most to see.
{
  const first = data.runs[0]?.series[0];
  if (first) {
    const own = data.runs[0].series.filter((s) => s.norm === first.norm);
    const pictured = (s) => data.runs[0].walks.some((w) => w.attack === s.attack && w.norm === s.norm);
    const attacks = own.filter((s) => s.kind !== 'control' && !isBand(s));
    const strongest = own.findLast(pictured) ?? attacks.at(-1) ?? first;
    for (const node of document.querySelectorAll('[data-needs-script]')) node.hidden = false;
    change({ series: data.runs[0].series.indexOf(strongest), epsilon: tellingEpsilon(strongest) });
  }
}
