// SPDX-License-Identifier: MIT
'use strict';
// The bar that stays in view: whose numbers the sections below show, and at which ε.

// Where the attack's accuracy is nearest to one half there is most to see.
function tellingEpsilon(s) {
  const far = (p) => Math.abs(p.k / p.n - 0.5);
  return s.points.reduce((best, p) => (far(p) < far(best) ? p : best)).e;
}

function moveEpsilon(step) {
  const all = epsilons();
  const at = Math.min(all.length - 1, Math.max(0, all.indexOf(state.epsilon) + step));
  change({ epsilon: all[at] });
}

{
  const attack = byId('attack');
  const slider = byId('epsilon');
  let timer = null;

  data.runs.forEach((r, index) => {
    const options = r.series.map((s, k) =>
      element('option', { value: `${index} ${k}` }, `${seriesName(s)}, ${s.symbol}`));
    attack.append(...(several ? [element('optgroup', { label: r.name }, ...options)] : options));
  });
  attack.addEventListener('change', () => {
    const before = norm();
    const [runIndex, seriesIndex] = attack.value.split(' ').map(Number);
    Object.assign(state, { run: runIndex, series: seriesIndex });
    state.hidden.delete(curveKey(chosenCurve()));
    change(norm() === before ? {} : { epsilon: tellingEpsilon(series()) });
  });
  slider.addEventListener('input', () => {
    stop();
    change({ epsilon: epsilons()[Number(slider.value)] });
  });

  function stop() {
    clearInterval(timer);
    timer = null;
    byId('play').textContent = '▶ play';
  }
  byId('play').addEventListener('click', () => {
    if (timer !== null) return stop();
    const last = epsilons().at(-1);
    if (state.epsilon === last) change({ epsilon: epsilons()[0] });
    byId('play').textContent = '■ stop';
    timer = setInterval(() => {
      moveEpsilon(1);
      if (state.epsilon === epsilons().at(-1)) stop();
    }, 400);
  });

  observe(() => {
    const all = epsilons();
    const p = pointAt(series(), state.epsilon);
    attack.value = `${state.run} ${state.series}`;
    slider.max = all.length - 1;
    slider.value = all.indexOf(state.epsilon);
    slider.setAttribute('aria-valuetext', `ε = ${p ? p.text : compact(state.epsilon)}`);
    byId('epsilon-text').textContent = `ε = ${p ? p.text : compact(state.epsilon)}`;
    const share = p && `${percent(p.k / p.n)} ${isBand(series()) ? 'certified' : 'correct'}, ` +
      `${grouped(p.k)} of ${grouped(p.n)}`;
    byId('verdict').textContent = !p ? 'not measured at this ε'
      : isBand(series()) ? `${share}; ${undecidedText(p)}` : share;
  });
}
