/** The chosen shard: its place in the key space, its lag, and what can be done with it. */
import { Action } from '../../parts/action.js';
import { setQuery } from '../../route.js';
import { html, textIn, useState } from '../../ui.js';

/** @typedef {import('../../types/replies.js').LogShard} LogShard */
/** @typedef {import('./shard-map.js').Place} Place */

/** @param {{ place: Place, shard: LogShard, shards: readonly LogShard[], onDone: () => void }} properties */
export function ShardPanel({ place, shard, shards, onDone }) {
  const { shardID, status, parents, entries, lag, inclusiveBeginKey, exclusiveEndKey } = shard;
  const children = shards.filter((one) => one.parents.includes(shardID)).map((one) => one.shardID);
  const facts = [
    ['keys', html`<span class="mono">${shortKey(inclusiveBeginKey)} – ${shortKey(exclusiveEndKey)}</span>`],
    ['created', new Date(shard.createTime * 1_000).toISOString().replace('T', ' ').slice(0, 19)],
    ['log groups', String(entries)],
    ['lag', lagWords(lag)],
    ['came from', parents.length === 0 ? 'the logstore' : parents.join(' and ')],
    ['became', children.join(' and ')],
  ];
  return html`<section class="panel" aria-label="Shard ${shardID}">
    <div class="row end"><h2>Shard ${shardID} ${' '}<span class=${status === 'readwrite' ? 'badge good' : 'badge'}>${status}</span></h2>
      <button onClick=${() => setQuery({ shard: undefined })}>Close</button></div>
    <dl class="facts">${facts.filter(([, value]) => value !== '').map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    <div class="forms">
      <${Checkpoint} place=${place} shardID=${shardID} onDone=${onDone} />
      ${status === 'readwrite' && html`<${PutLog} place=${place} shardID=${shardID} onDone=${onDone} /><${Reshape} place=${place} shard=${shard} shards=${shards} onDone=${onDone} />`}
    </div></section>`;
}

/** @param {string} key */
const shortKey = (key) => `${key.slice(0, 8)}…`;

/** @param {import('../../types/replies.js').ShardLag | undefined} lag */
function lagWords(lag) {
  if (lag === undefined) return '';
  if (lag.entries === null) return 'unknown: the checkpoint is no cursor of this shard';
  const since = lag.checkpoint === null ? ', no checkpoint saved' : '';
  return lag.entries === 0
    ? `none${since}`
    : `${lag.entries} log groups, the oldest ${lag.seconds} s old${since}`;
}

/** @typedef {{ place: Place, shardID: number, onDone: () => void }} FormProperties */

/** @param {FormProperties} properties */
function Checkpoint({ place: { project, logstore, group }, shardID, onDone }) {
  const [to, setTo] = useState('begin');
  const [time, setTime] = useState(() => `${new Date(Date.now() - 60_000).toISOString().slice(0, 19)}Z`);
  const [isAll, setAll] = useState(false);
  const target = to === 'time' ? time : to;
  const call = () => ({
    method: 'POST',
    path: '/sls/checkpoints',
    body: { project, logstore, group, ...(isAll ? {} : { shard: shardID }), to: target },
  });
  return html`<fieldset><legend>Checkpoint</legend>
    <label>to <select aria-label="Checkpoint to" value=${to} onChange=${(/** @type {Event} */ event) => setTo(textIn(event))}>
      ${['begin', 'end', 'time'].map((name) => html`<option value=${name}>${name}</option>`)}</select></label>
    ${to === 'time' && html`<input aria-label="Time, ISO 8601" size="21" value=${time} onInput=${(/** @type {Event} */ event) => setTime(textIn(event).trim())} />`}
    <label><input type="checkbox" checked=${isAll} onChange=${() => setAll(!isAll)} /> every shard</label>
    <${Action} label="Set checkpoint" call=${call} onDone=${onDone}
      confirm=${`Set the checkpoint of ${isAll ? 'every shard' : `shard ${shardID}`} to ${target}? A consumer that holds the shard goes on from its place, and overwrites it.`} />
  </fieldset>`;
}

/** @param {FormProperties} properties */
function PutLog({ place: { project, logstore }, shardID, onDone }) {
  const [text, setText] = useState('hello');
  const body = { project, logstore, shard: shardID, logs: [{ contents: { message: text } }] };
  return html`<fieldset><legend>Log</legend>
    <input aria-label="Message of the log" size="18" value=${text} onInput=${(/** @type {Event} */ event) => setText(textIn(event))} />
    <${Action} label="Put a log" onDone=${onDone} call=${() => ({ method: 'POST', path: '/sls/logs', body })} />
  </fieldset>`;
}

/** @param {{ place: Place, shard: LogShard, shards: readonly LogShard[], onDone: () => void }} properties */
function Reshape({ place: { project, logstore }, shard, shards, onDone }) {
  const [parts, setParts] = useState('2');
  const { shardID } = shard;
  const right = shards.find(
    (one) => one.status === 'readwrite' && one.inclusiveBeginKey === shard.exclusiveEndKey,
  );
  const body = { project, logstore, shard: shardID };
  return html`<fieldset><legend>Shape</legend>
    <label>parts <input aria-label="Parts" type="number" min="2" max="64" value=${parts} onInput=${(/** @type {Event} */ event) => setParts(textIn(event))} /></label>
    <${Action} label="Split" onDone=${onDone} confirm=${`Split shard ${shardID} into ${parts}? It becomes read-only; this cannot be undone.`}
      call=${() => ({ method: 'POST', path: '/sls/shards/split', body: { ...body, parts: Number(parts) } })} />
    <${Action} label=${right === undefined ? 'Merge' : `Merge with ${right.shardID}`} disabled=${right === undefined} onDone=${onDone}
      confirm=${`Merge shards ${shardID} and ${right?.shardID}? Both become read-only; this cannot be undone.`}
      call=${() => ({ method: 'POST', path: '/sls/shards/merge', body })} />
  </fieldset>`;
}
