// SPDX-License-Identifier: MIT
'use strict';
// Two runs over the same samples: which samples changed at the chosen attack and ε, what both
// models say to them, and their pictures where a run folder has some.
{
  const MOST = 200; // listed; the counts are those of all

  const nameOf = (label) => run().classes[label] ?? String(label);

  // ε = 0 is the same for every attack: the clean accuracy.
  const changesHere = () => data.changes.find((c) => (state.epsilon === 0 ? c.attack === ''
    : c.attack === series().attack && c.norm === norm() && c.e === state.epsilon));

  // A baseline says no class.
  function saysOf(who, answer) {
    if (!answer) return '';
    const [label, confidence] = answer;
    return `, ${who} says ${nameOf(label)}${confidence === null ? '' : ` (${percent(confidence)})`}`;
  }

  // Of the walk's PNG, all frames below each other, the one at `index`.
  function picture(walk, index, text) {
    const canvas = element('canvas', { width: walk.width, height: walk.height, role: 'img', 'aria-label': text });
    const image = new Image();
    image.src = `data:image/png;base64,${walk.sprite}`;
    image.decode().then(() => canvas.getContext('2d').drawImage(
      image, 0, index * walk.height, walk.width, walk.height, 0, 0, walk.width, walk.height));
    return element('figure', {}, canvas, element('figcaption', {}, text));
  }
  // The sample's pictures by the chosen attack, or by another in its norm.
  function walkOf(r, id) {
    const walks = r.walks.filter((w) => w.id === id && w.norm === norm());
    return walks.find((w) => w.attack === series().attack) ?? walks[0];
  }
  function pictures(id) {
    const figures = [];
    data.runs.forEach((r, index) => {
      const walk = walkOf(r, id);
      if (!walk) return;
      const shareOf = (frame, label) => frame.confidences.find(([c]) => c === label)?.[1];
      const said = (frame) => `${nameOf(frame.says)} ${percent(shareOf(frame, frame.says))}`;
      const who = data.sides[data.runs.length > 1 ? index : 1];
      if (figures.length === 0) figures.push(picture(walk, 0, `x: ${who} says ${said(walk)}`));
      const at = walk.frames.findLastIndex((f) => f.e > 0 && f.e <= state.epsilon);
      if (at >= 0) figures.push(picture(walk, at + 1, `x′ of ${who}, ${walk.attack}: ${said(walk.frames[at])}`));
    });
    return figures;
  }

  function entry([[id, label, before, now], figures]) {
    const text = `sample ${id}, class ${nameOf(label)}` +
      `${saysOf(data.sides[0], before)}${saysOf(data.sides[1], now)}`;
    const item = element('li', { 'data-id': id }, text);
    if (figures.length > 0) item.append(element('div', { class: 'changed' }, ...figures));
    return item;
  }

  observe(() => {
    const changes = data.changes && changesHere();
    byId('changes').hidden = !changes;
    if (!changes) return;
    const proved = isBand(series()) && state.epsilon > 0;
    const [right, wrong] = proved ? ['certified', 'not certified'] : ['right', 'wrong'];
    const [a, b] = data.sides;
    for (const [id, kind, text] of [['lost', changes.lost, `${right} in ${a}, ${wrong} in ${b}`],
      ['gained', changes.gained, `${wrong} in ${a}, ${right} in ${b}`]]) {
      byId(`changes-${id}-count`).textContent = `${grouped(kind.length)} of ${grouped(run().n)}: ${text}` +
        (kind.length > MOST ? `; the first ${MOST}:` : '');
      // Those with pictures first.
      const entries = kind.map((sample) => [sample, pictures(sample[0])])
        .sort(([, one], [, other]) => (other.length > 0) - (one.length > 0));
      byId(`changes-${id}`).replaceChildren(...entries.slice(0, MOST).map(entry));
    }
  });
}
