/** Which shards were split and merged from which: each is drawn over its part of the key space, its children to its right. */
import { html } from '../../ui.js';
import { State } from './shard-map.js';

/** @typedef {import('../../types/replies.js').LogShard} LogShard */
/** @typedef {import('../../types/replies.js').SlsShard} Shard */

const columnWidth = 120;
const leastHeight = 160;
const lineHeight = 22;

/** @param {{ shards: readonly LogShard[], states: readonly Shard[] }} properties */
export function ShardTree({ shards, states }) {
  const depths = depthsOf(shards);
  const columns = Math.max(...depths.values()) + 1;
  const writable = shards.filter(({ status }) => status === 'readwrite').length;
  const height = Math.max(leastHeight, writable * lineHeight);
  const stateOf = new Map(states.map(({ id, state }) => [id, state]));
  return html`<section class="panel"><h2>Splits and merges</h2><div class="two">
    <div class="scroll" tabindex="0" role="region" aria-label="Key space"><svg class="tree" width=${columns * columnWidth} height=${height} role="img" aria-label="Shards over the key space; the list beside it says the same">
      ${shards.map((shard) => {
        const top = fraction(shard.inclusiveBeginKey) * height;
        const bottom =
          (shard.exclusiveEndKey.startsWith('ffffffff') ? 1 : fraction(shard.exclusiveEndKey)) * height;
        const left = (depths.get(shard.shardID) ?? 0) * columnWidth;
        return html`<g key=${shard.shardID}><rect class=${shard.status} x=${left + 1} y=${top + 1} width=${columnWidth - 4} height=${Math.max(1, bottom - top - 2)} rx="4" />
          ${bottom - top > 12 && html`<text x=${left + 10} y=${(top + bottom) / 2 + 4}>shard ${shard.shardID}</text>`}</g>`;
      })}
    </svg></div>
    <ul class="plain">${shards
      .filter(({ parents }) => parents.length > 0)
      .map(
        ({ shardID, parents }) =>
          html`<li key=${shardID}>Shard ${shardID} came from ${parents.map(
            (id, at) => html`${at > 0 && ' and '}${id} <${State} state=${stateOf.get(id) ?? 'over'} />`,
          )}</li>`,
      )}</ul></div></section>`;
}

/** @param {string} key 32 hexadecimal digits */
const fraction = (key) => Number.parseInt(key.slice(0, 8), 16) / 0x1_0000_0000;

/** @param {readonly LogShard[]} shards @returns {Map<number, number>} how many splits and merges led to each */
function depthsOf(shards) {
  /** @type {Map<number, number>} */
  const depths = new Map();
  // Parents have smaller ids than their children.
  for (const { shardID, parents } of shards.toSorted((a, b) => a.shardID - b.shardID))
    depths.set(shardID, Math.max(0, ...parents.map((id) => (depths.get(id) ?? -1) + 1)));
  return depths;
}
