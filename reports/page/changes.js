// SPDX-License-Identifier: MIT
'use strict';
// Two runs over the same samples: which samples changed at the chosen attack and ε.
{
  const MOST = 200; // listed; the counts are those of all

  const nameOf = (label) => run().classes[label] ?? String(label);

  // ε = 0 is the same for every attack: the clean accuracy.
  const changesHere = () => data.changes.find((c) => (state.epsilon === 0 ? c.attack === ''
    : c.attack === series().attack && c.norm === norm() && c.e === state.epsilon));

  // The worst case of several attacks says no class.
  const saysOf = (who, label) => (label < 0 ? '' : `, ${who} says ${nameOf(label)}`);
  function entry([id, label, before, now]) {
    return element('li', { 'data-id': id },
      `sample ${id}, class ${nameOf(label)}${saysOf('A', before)}${saysOf('B', now)}`);
  }

  observe(() => {
    const changes = data.changes && changesHere();
    byId('changes').hidden = !changes;
    if (!changes) return;
    const proved = isBand(series()) && state.epsilon > 0;
    const [right, wrong] = proved ? ['certified', 'not certified'] : ['right', 'wrong'];
    for (const [id, kind, text] of [['lost', changes.lost, `${right} in A, ${wrong} in B`],
      ['gained', changes.gained, `${wrong} in A, ${right} in B`]]) {
      byId(`changes-${id}-count`).textContent = `${grouped(kind.length)} of ${grouped(run().n)}: ${text}` +
        (kind.length > MOST ? `; the first ${MOST}:` : '');
      byId(`changes-${id}`).replaceChildren(...kind.slice(0, MOST).map(entry));
    }
  });
}
