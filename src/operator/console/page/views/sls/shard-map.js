/** The map of shards and consumers: a cell shows the state by shape, colour and text. */
import { duration } from '../../names.js';
import { Action, perform } from '../../parts/action.js';
import { Countdown } from '../../parts/notes.js';
import { clockFrozen } from '../../parts/shell.js';
import { Table } from '../../parts/table.js';
import { Why } from '../../parts/why.js';
import { href, route, setQuery } from '../../route.js';
import { html } from '../../ui.js';

/** @typedef {import('../../types/replies.js').SlsShard} Shard */
/** @typedef {import('../../types/replies.js').Lease} Lease */
/** @typedef {import('../../types/replies.js').LogShard} LogShard */
/** @typedef {{ tenant: string, project: string, logstore: string, group: string, name: string }} Place */
/**
 * @typedef {{ place: Place, shards: readonly Shard[], consumers: readonly Lease[], logs: readonly LogShard[], readAt: number,
 *   timeout: number, onMoved: () => void }} MapProperties
 */

/** More consumers than this are named in cells in place of columns. */
const maxColumns = 12;

const consumerList = 'consumers-of-the-group';

/** The shape of each of the vendor's five states: colour alone would not do. */
const shapes = {
  not_alloc: 'M3 3h10v10H3z',
  already_alloc: 'M8 2a6 6 0 1 0 0.01 0z',
  transfer: 'M2 8h9M8 4l4 4-4 4',
  wait: 'M4 3h8L4 13h8z',
  over: 'M3 8l4 4 6-8',
};

/** @param {{ state: Shard['state'] }} properties */
export const State = ({
  state,
}) => html`<span class="cell ${state}"><svg viewBox="0 0 16 16" aria-hidden="true"><path d=${shapes[state]}
  fill=${state === 'already_alloc' ? 'currentColor' : 'none'} stroke="currentColor" stroke-width="1.8" /></svg>${state}</span>`;

/** @param {MapProperties} properties */
export function ShardMap(properties) {
  const { place, shards, consumers, logs, timeout, readAt, onMoved } = properties;
  const isWide = consumers.length <= maxColumns;
  const logOf = new Map(logs.map((log) => [log.shardID, log]));
  const chosen = route.value.query.shard;
  const head = isWide
    ? [
        'shard',
        ...consumers.map(
          (consumer) =>
            html`<${ConsumerHead} place=${place} consumer=${consumer} timeout=${timeout} readAt=${readAt} onDone=${onMoved} />`,
        ),
        'no owner',
      ]
    : ['shard', 'state', 'owner', 'next'];
  return html`<${Table} caption="Shards of ${place.name}" kind="map" head=${[...head, 'lag: log groups, age', 'checkpoint', 'move to']} rows=${shards}
      keyOf=${(/** @type {Shard} */ shard) => String(shard.id)}
      rowClass=${(/** @type {Shard} */ shard) => (String(shard.id) === chosen ? 'chosen' : '')}
      onPick=${(/** @type {Shard} */ shard) => setQuery({ shard: String(shard.id) === chosen ? undefined : String(shard.id) })}
      cells=${(/** @type {Shard} */ shard) => [
        html`<th scope="row">${shard.id}</th>`,
        ...(isWide ? consumers.map(({ holder }) => consumerCell(shard, holder)) : ownerCells(shard)),
        isWide && html`<td>${shard.owner === null ? html`<${State} state=${shard.state} />` : ''}</td>`,
        html`<td class="nowrap">${lagText(logOf.get(shard.id))}</td>`,
        html`<td class="mono cut" title=${shard.checkpoint}>${shard.checkpoint === '' ? html`<span class="dim">none</span>` : shard.checkpoint}</td>`,
        html`<td><${MoveTo} place=${place} shard=${shard} consumers=${consumers} onMoved=${onMoved} /></td>`,
      ]} />
    ${!isWide && html`<${ConsumerTable} ...${properties} />`}`;
}

/** @param {Shard} shard @param {string} holder */
function consumerCell(shard, holder) {
  if (shard.owner === holder)
    return html`<td class=${shard.next === null ? 'owner' : 'leaving'}><${State} state=${shard.state} />${shard.next !== null && html`<br /><small>→ ${shard.next}</small>`}</td>`;
  if (shard.next === holder)
    return html`<td class="next"><small>${shard.owner === null ? 'next' : `next, from ${shard.owner}`}</small></td>`;
  return html`<td></td>`;
}

/** @param {Shard} shard */
const ownerCells = (shard) => [
  html`<td><${State} state=${shard.state} /></td>`,
  html`<td class="cut" title=${shard.owner}>${shard.owner ?? html`<span class="dim">none</span>`}</td>`,
  html`<td class="cut" title=${shard.next}>${shard.next === null ? '' : `→ ${shard.next}`}</td>`,
];

/** @param {LogShard | undefined} log */
function lagText(log) {
  if (log?.lag === undefined) return '';
  const { entries, seconds } = log.lag;
  if (entries === null)
    return html`<span class="dim" title="the checkpoint is no cursor of this shard">unknown</span>`;
  if (entries === 0) return html`<span class="dim">0</span>`;
  return html`<span title="log groups that are not consumed; the oldest was received ${seconds} s ago">${entries}, ${duration((seconds ?? 0) * 1_000)}</span>`;
}

/** @param {{ place: Place, consumer: Lease, timeout: number, readAt: number, onDone: () => void }} properties */
function ConsumerHead({ place: { tenant, name }, consumer, timeout, readAt, onDone }) {
  const { holder, remainingMs } = consumer;
  return html`<a class="cut" title=${holder} href=${href('requests', { tenant, find: `holder:${holder}` })}>${holder}</a>
    <div class="consumer"><span title="until its lease ends"><${Countdown} ms=${remainingMs} readAt=${readAt} frozen=${clockFrozen.value} /></span>
    <${Action} label="expire" kind="plain" onDone=${onDone} confirm=${`End the lease of ${holder}, as if it had crashed ${timeout} s ago?`}
      call=${() => ({ method: 'DELETE', path: '/leases', query: { tenant, group: name, holder, as: 'expired' } })} />
    <${Why} subject=${{ tenant, group: name, holder }} /></div>`;
}

/** The consumers of a large group as rows. @param {MapProperties} properties */
function ConsumerTable({ place, shards, consumers, timeout, readAt, onMoved }) {
  const owned = (/** @type {string} */ holder) =>
    shards.filter(({ owner }) => owner === holder).map(({ id }) => id);
  return html`<datalist id=${consumerList}>${consumers.map(({ holder }) => html`<option key=${holder} value=${holder}></option>`)}</datalist><h3>Consumers</h3><${Table} caption="Consumers of ${place.name}" head=${['consumer', 'owns']} rows=${consumers} keyOf=${(/** @type {Lease} */ one) => one.holder}
    cells=${(/** @type {Lease} */ one) => [
      html`<td class="nowrap"><${ConsumerHead} place=${place} consumer=${one} timeout=${timeout} readAt=${readAt} onDone=${onMoved} /></td>`,
      html`<td class="mono">${owned(one.holder).join(', ')}</td>`,
    ]} />`;
}

/** Hands the shard over to the consumer that is chosen. @param {{ place: Place, shard: Shard, consumers: readonly Lease[], onMoved: () => void }} properties */
function MoveTo({ place: { tenant, name }, shard, consumers, onMoved }) {
  const others = consumers.filter(({ holder }) => holder !== (shard.next ?? shard.owner));
  if (others.length === 0 || shard.state === 'over' || shard.state === 'wait') return null;
  const move = async (/** @type {Event} */ event) => {
    const field = /** @type {HTMLSelectElement | HTMLInputElement} */ (event.currentTarget);
    const body = { tenant, group: name, shard: shard.id, to: field.value };
    field.value = '';
    if (body.to === '') return;
    const label = `Move of shard ${shard.id}`;
    if ((await perform({ method: 'POST', path: '/leases/move', body }, label)) !== undefined) onMoved();
  };
  // Each row of a large group would repeat all its consumers.
  if (consumers.length > maxColumns)
    return html`<input aria-label="Move shard ${shard.id} to" size="10" list=${consumerList} placeholder="—" onChange=${move} />`;
  return html`<select aria-label="Move shard ${shard.id} to" onChange=${move}>
    <option value="">—</option>${others.map(({ holder }) => html`<option key=${holder} value=${holder}>${holder}</option>`)}</select>`;
}
