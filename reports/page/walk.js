// SPDX-License-Identifier: MIT
'use strict';
// One sample on its way from panda to gibbon: image, signed perturbation and adversarial image at
// the chosen ε, and what the model says to each class. All of it was stored by the bench.
{
  const MOST_BARS = 10;
  const view = { walk: null, label: 'all', order: 'class' };
  const pixels = new WeakMap(); // walk -> ImageData of its frames, below each other

  const allWalks = () => run().walks;
  // The chosen attack's pictures; of all attacks together, and of a proof, each sample under the
  // attack that breaks it at the smallest ε.
  const ofAll = () => series().kind === 'worst-case' || isBand(series());
  function walksHere() {
    const inNorm = allWalks().filter((w) => w.norm === norm());
    if (!ofAll()) return inNorm.filter((w) => w.attack === series().attack);
    const first = new Map();
    for (const w of inNorm) {
      if (!first.has(w.id) || breaksAt(w) < breaksAt(first.get(w.id))) first.set(w.id, w);
    }
    return [...first.values()];
  }
  const attackName = (w) =>
    run().series.find((s) => s.attack === w.attack && s.norm === w.norm)?.name ?? w.attack;
  const breaksAt = (w) => w.frames.find((f) => f.adversarial)?.e ?? Infinity;
  const mistake = (w) => {
    const f = frameAt(w);
    return f && f.says !== w.label ? shareOf(f, f.says) : 0;
  };
  const shareOf = (f, label) => f.confidences.find(([c]) => c === label)?.[1] ?? NaN;
  const ORDERS = {
    class: (a, b) => a.label - b.label || a.id - b.id,
    'first to break': (a, b) => breaksAt(a) - breaksAt(b) || a.id - b.id,
    hardest: (a, b) => (breaksAt(a) === breaksAt(b) ? a.id - b.id : breaksAt(b) - breaksAt(a)),
    'most confident mistake': (a, b) => mistake(b) - mistake(a) || a.id - b.id,
  };
  const chosen = () => walksHere()
    .filter((w) => view.label === 'all' || w.label === Number(view.label))
    .sort(ORDERS[view.order]);

  // The stored frame at the largest ε that is not above the chosen one; null: no perturbation yet.
  function frameAt(w) {
    return w.frames.findLast((f) => f.e > 0 && f.e <= state.epsilon) ?? null;
  }
  const className = (label) => (label < 0 ? 'nothing' : run().classes[label] ?? String(label));

  function load(w) {
    if (pixels.has(w)) return Promise.resolve(pixels.get(w));
    const image = new Image();
    image.src = `data:image/png;base64,${w.sprite}`;
    return image.decode().then(() => {
      const canvas = element('canvas', { width: image.width, height: image.height });
      const context = canvas.getContext('2d', { willReadFrequently: true });
      context.drawImage(image, 0, 0);
      pixels.set(w, context.getImageData(0, 0, image.width, image.height));
      return pixels.get(w);
    });
  }
  // RGBA of frame `index`; 0 is the clean image.
  function frameOf(w, all, index) {
    const size = w.width * w.height * 4;
    return all.data.subarray(index * size, (index + 1) * size);
  }

  // As diverging() and signed_pixels() in reports/gallery/colour_map.cpp.
  function diverging(share) {
    const end = share < 0 ? [33, 102, 172] : [178, 24, 43];
    return end.map((to) => 255 + Math.abs(share) * (to - 255));
  }
  // What the colours end at, in levels of 255: ε where it bounds each value, else the largest change.
  function endOf(w, all, index) {
    if (index === 0) return 0;
    if (w.each_value) return 255 * w.frames[index - 1].e;
    const clean = frameOf(w, all, 0);
    const found = frameOf(w, all, index);
    return clean.reduce((largest, level, i) => Math.max(largest, Math.abs(found[i] - level)), 0);
  }
  function perturbation(w, all, index, end) {
    const clean = frameOf(w, all, 0);
    const found = frameOf(w, all, index);
    const out = new Uint8ClampedArray(clean.length);
    for (let i = 0; i < clean.length; i += 4) {
      const share = (c) => (end === 0 ? 0
        : Math.max(-1, Math.min(1, (found[i + c] - clean[i + c]) / end)));
      const rgb = w.channels === 1 ? diverging(share(0))
        : [0, 1, 2].map((c) => 127.5 + 127.5 * share(c));
      out.set([...rgb, 255], i);
    }
    return out;
  }
  function paint(canvas, w, rgba) {
    canvas.width = w.width;
    canvas.height = w.height;
    canvas.getContext('2d').putImageData(
      new ImageData(new Uint8ClampedArray(rgba), w.width, w.height), 0, 0);
  }

  function says(label, truth, share) {
    const right = label === truth;
    return element('span', { class: right ? 'right' : 'wrong' },
      `${right ? '✓' : '✗'} says ${className(label)} · ${percent(share)}`);
  }

  const noteOf = (w, f) => (f && f.says !== w.label && !f.adversarial
    ? 'as 8-bit file outside the ball: does not count' : '');
  function same(w, all, index) {
    const found = frameOf(w, all, index);
    return frameOf(w, all, 0).every((level, i) => level === found[i]);
  }

  function drawBars(w, f) {
    const now = f ?? { says: w.says, confidences: w.confidences };
    let classes = now.confidences.map(([c]) => c);
    if (classes.length > MOST_BARS) {
      const most = (c) => Math.max(shareOf(w, c), ...w.frames.map((frame) => shareOf(frame, c)));
      classes = [...classes].sort((a, b) => most(b) - most(a)).slice(0, MOST_BARS)
        .sort((a, b) => a - b);
    }
    byId('walk-bars').replaceChildren(...classes.map((c) => {
      const share = shareOf(now, c);
      const kind = c === w.label ? 'true' : c === now.says ? 'said' : '';
      const row = element('div', {
        class: `bar-row ${kind}`, role: 'listitem', 'data-class': c, 'data-value': share,
      });
      const bar = element('span', { class: 'bar' });
      bar.append(element('span', { style: `width:${100 * share}%` }));
      row.append(element('span', { class: 'bar-name' },
        className(c) + (c === w.label ? ' (true)' : c === now.says ? ' (predicted)' : '')),
      bar, element('span', { class: 'bar-value' }, percent(share)));
      return row;
    }));
  }

  function draw() {
    const w = view.walk;
    const f = frameAt(w);
    const index = f ? w.frames.indexOf(f) + 1 : 0;
    byId('walk-title').textContent = `sample ${w.id}, true class ${className(w.label)}` +
      (ofAll() ? `, under ${attackName(w)}` : '');
    byId('walk-clean-says').replaceChildren(says(w.says, w.label, shareOf(w, w.says)));
    byId('walk-formula').textContent = f ? `x′ − x, ε = ${f.text}` : 'x′ − x = 0';
    byId('walk-says').replaceChildren(f ? says(f.says, w.label, shareOf(f, f.says))
      : says(w.says, w.label, shareOf(w, w.says)));
    byId('walk-note').textContent = noteOf(w, f);
    drawBars(w, f);
    load(w).then((all) => {
      if (view.walk !== w || frameAt(w) !== f) return; // moved on while the picture was decoded
      const end = endOf(w, all, index);
      if (index > 0 && same(w, all, index)) byId('walk-note').textContent = 'stands at a larger ε: not attacked here';
      paint(byId('walk-clean'), w, frameOf(w, all, 0));
      paint(byId('walk-delta'), w, perturbation(w, all, index, end));
      paint(byId('walk-adversarial'), w, frameOf(w, all, index));
      const text = String(Number((end / 255).toPrecision(3)));
      byId('walk-scale').replaceChildren(
        ...(end === 0 ? ['0'] : [`−${text}`, '0', `+${text}`]).map((one) => element('span', {}, one)));
      byId('walk-stage').dataset.frame = index;
    });
  }

  function thumbnail(w) {
    const canvas = element('canvas', { 'aria-hidden': 'true' });
    const at = breaksAt(w);
    const text = `${className(w.label)}, ${at === Infinity ? 'stands' : `breaks at ${compact(at)}`}`;
    const button = element('button', {
      type: 'button', 'aria-pressed': String(w === view.walk), 'data-id': w.id,
      'data-label': w.label, 'aria-label': `sample ${w.id}, class ${text}`,
    }, canvas, element('small', {}, className(w.label)),
    element('small', {}, at === Infinity ? 'stands' : `ε ${compact(at)}`));
    load(w).then((all) => paint(canvas, w, frameOf(w, all, 0)));
    button.addEventListener('click', () => select(w));
    return button;
  }
  function select(w) {
    view.walk = w;
    for (const button of byId('walk-samples').children) {
      button.setAttribute('aria-pressed', String(Number(button.dataset.id) === w.id));
    }
    draw();
  }

  let listed = '';
  function list() {
    const walks = chosen();
    const key = `${state.run} ${walks.map((w) => `${w.attack} ${w.id}`).join()}`;
    if (!walks.includes(view.walk)) view.walk = walks[0] ?? null;
    byId('walk-empty').hidden = walks.length > 0;
    byId('walk-empty').textContent = walksHere().length > 0
      ? 'No sample of this class in the gallery.' : `The gallery has no pictures of ${seriesName(series())}.`;
    byId('walk-stage').hidden = walks.length === 0;
    if (key !== listed) byId('walk-samples').replaceChildren(...walks.map(thumbnail));
    listed = key;
  }

  function fillFilters() {
    const labels = [...new Set(walksHere().map((w) => w.label))].sort((a, b) => a - b);
    if (!labels.includes(Number(view.label))) view.label = 'all';
    byId('walk-class').replaceChildren(element('option', { value: 'all' }, 'all classes'),
      ...labels.map((label) => element('option', { value: label }, className(label))));
    byId('walk-class').value = view.label;
  }

  byId('walk-order').append(...Object.keys(ORDERS).map((name) => element('option', {}, name)));
  byId('walk-order').addEventListener('change', (event) => {
    view.order = event.target.value;
    view.walk = null;
    show();
  });
  byId('walk-class').addEventListener('change', (event) => {
    view.label = event.target.value;
    view.walk = null;
    show();
  });
  byId('walk-samples').addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = [...byId('walk-samples').children].indexOf(document.activeElement) + step;
    byId('walk-samples').children[next]?.focus();
    byId('walk-samples').children[next]?.click();
  });

  function show() {
    const any = allWalks().some((w) => w.norm === norm());
    byId('walk').hidden = !any;
    if (!any) return;
    fillFilters();
    list();
    byId('walk-attack').textContent = (ofAll()
      ? 'Each sample under the attack that breaks it at the smallest ε.' : `Attack: ${seriesName(series())}.`) +
      (run().left_out > 0 ? ` ${run().left_out} more samples are in the folder gallery.` : '');
    if (view.walk) draw();
  }
  observe(show);
}
