/** Consumer groups: which consumer holds which shard, and why a shard waits. */
import { useResource } from '../live.js';
import { matches, parseSelector } from '../names.js';
import { Action, perform } from '../parts/action.js';
import { Countdown, Empty, Failure } from '../parts/notes.js';
import { clockFrozen } from '../parts/shell.js';
import { Why } from '../parts/why.js';
import { href, route } from '../route.js';
import { html } from '../ui.js';

const concerns = (/** @type {any} */ { protocol, type }) => protocol === 'sls' || type === 'clock.moved';

/** @typedef {{ id: number, state: string, owner: string | null, next: string | null, checkpoint: string, updateTime: number }} Shard */
/** @typedef {{ tenant: string, group: string, state: { timeout: number, order: boolean, overwrites: any, shards: readonly Shard[] } }} Group */
/** @typedef {{ tenant: string, group: string, holder: string, remainingMs: number }} Consumer */

/** The shape of each of the vendor's five states: colour alone would not do. */
const shapes = /** @type {Record<string, string>} */ ({
  not_alloc: 'M3 3h10v10H3z',
  already_alloc: 'M8 2a6 6 0 1 0 0.01 0z',
  transfer: 'M2 8h9M8 4l4 4-4 4',
  wait: 'M4 3h8L4 13h8z',
  over: 'M3 8l4 4 6-8',
});

/** @param {{ state: string }} properties */
const State = ({
  state,
}) => html`<span class="cell"><svg viewBox="0 0 16 16" aria-hidden="true"><path d=${shapes[state] ?? shapes.not_alloc}
  fill=${state === 'already_alloc' ? 'currentColor' : 'none'} stroke="currentColor" stroke-width="1.8" /></svg>${state}</span>`;

export function Sls() {
  const { tenant, find = '' } = route.value.query;
  const query = { protocol: 'sls', tenant: tenant?.startsWith('sls/') ? tenant : undefined, limit: 1_000 };
  const { data, error, readAt, refresh } = useResource({ path: '/leases', query }, concerns);
  const selector = parseSelector(find);
  if (data === undefined) return html`<${Failure} error=${error} />`;
  const groups = data.groups.filter((/** @type {Group} */ group) =>
    matches(group.group, selector.group ?? '*'),
  );
  if (groups.length === 0)
    return html`<section class="panel"><h2>No consumer group</h2>
      <${Empty} what="A consumer library makes its group when it starts; point its HTTP proxy here."
        command=${`curl -x ${location.origin} -d '{"projectName":"demo"}' http://demo.cn-hangzhou.log.aliyuncs.com/`} /></section>`;
  return html`<${Failure} error=${error} />${groups.map((/** @type {Group} */ group) => {
    const consumers = data.leases.filter(
      (/** @type {Consumer} */ lease) =>
        lease.tenant === group.tenant &&
        lease.group === group.group &&
        matches(lease.holder, selector.holder ?? '*'),
    );
    return html`<${GroupPanel} key=${`${group.tenant} ${group.group}`} group=${group} consumers=${consumers} readAt=${readAt} onMoved=${refresh} />`;
  })}`;
}

/** @param {{ group: Group, consumers: readonly Consumer[], readAt: number, onMoved: () => void }} properties */
function GroupPanel({ group, consumers, readAt, onMoved }) {
  const { state, tenant } = group;
  const project = tenant.slice(tenant.indexOf('/') + 1);
  const [logstore = '', name = ''] = group.group.split('/');
  const waiting = state.shards.filter(({ next, state: shard }) => next !== null || shard === 'wait');
  return html`<section class="panel">
    <div class="row end"><h2>${project} → ${logstore} → ${name}</h2>
      <span class="dim">timeout ${state.timeout} s${state.order ? ', in order' : ''}, ${state.shards.length} shards, ${consumers.length} consumers</span></div>
    ${state.overwrites !== null && state.overwrites !== undefined && html`<p class="note">Clients overwrite each other's settings of this group: ${JSON.stringify(state.overwrites)}</p>`}
    ${
      consumers.length === 0
        ? html`<p class="dim">No consumer is alive; every shard waits for one.</p>`
        : html`<div class="scroll"><table class="map">
      <caption class="visually-hidden">Shards and consumers of ${group.group}</caption>
      <thead><tr><th scope="col">shard</th>${consumers.map(
        (
          consumer,
        ) => html`<th scope="col"><a href=${href('requests', { tenant, find: `holder:${consumer.holder}` })}>${consumer.holder}</a><br />
          <${Countdown} ms=${consumer.remainingMs} readAt=${readAt} frozen=${clockFrozen.value} />
          <${Action} label="expire" kind="plain" confirm=${`End the lease of ${consumer.holder}, as if it had crashed ${state.timeout} s ago?`}
            call=${() => ({ method: 'DELETE', path: '/leases', query: { tenant, group: group.group, holder: consumer.holder, as: 'expired' } })} />
          <${Why} subject=${{ tenant, group: group.group, holder: consumer.holder }} /></th>`,
      )}<th scope="col">no owner</th><th scope="col">checkpoint</th><th scope="col">move to</th></tr></thead>
      <tbody>${state.shards.map((shard) => html`<${ShardRow} key=${shard.id} group=${group} shard=${shard} consumers=${consumers} onMoved=${onMoved} />`)}</tbody>
    </table></div>`
    }
    ${
      waiting.length > 0 &&
      html`<h3>Why it waits</h3><ul aria-live="polite">${waiting.map((shard) => html`<li key=${shard.id}>${reason(shard, consumers, readAt)}</li>`)}</ul>`
    }
    ${consumers.length > 0 && html`<${Heartbeats} tenant=${tenant} group=${group.group} consumers=${consumers.map(({ holder }) => holder)} />`}
  </section>`;
}

/** @typedef {{ group: Group, shard: Shard, consumers: readonly Consumer[], onMoved: () => void }} Row */

/** @param {Row} properties */
function ShardRow({ group, shard, consumers, onMoved }) {
  const cell = (/** @type {string} */ holder) => {
    if (shard.owner === holder)
      return html`<td class=${shard.next === null ? 'owner' : 'leaving'}><${State} state=${shard.state} />${shard.next !== null && html`<br /><small>to ${shard.next}</small>`}</td>`;
    if (shard.next === holder) return html`<td class="next"><small>next</small></td>`;
    return html`<td></td>`;
  };
  return html`<tr><th scope="row">${shard.id}</th>${consumers.map(({ holder }) => cell(holder))}
    <td>${shard.owner === null ? html`<${State} state=${shard.state} />` : ''}</td>
    <td class="mono">${shard.checkpoint === '' ? html`<span class="dim">none</span>` : shard.checkpoint}</td>
    <td><${MoveTo} group=${group} shard=${shard} consumers=${consumers} onMoved=${onMoved} /></td></tr>`;
}

/** Hands the shard over to the consumer that is chosen. @param {Row} properties */
function MoveTo({ group: { tenant, group }, shard, consumers, onMoved }) {
  const others = consumers.filter(({ holder }) => holder !== (shard.next ?? shard.owner));
  if (others.length === 0 || shard.state === 'over' || shard.state === 'wait') return null;
  const move = async (/** @type {Event} */ event) => {
    const select = /** @type {HTMLSelectElement} */ (event.currentTarget);
    const body = { tenant, group, shard: shard.id, to: select.value };
    select.value = '';
    const label = `Move of shard ${shard.id}`;
    if ((await perform({ method: 'POST', path: '/leases/move', body }, label)) !== undefined) onMoved();
  };
  return html`<select aria-label="Move shard ${shard.id} to" onChange=${move}><option value="">—</option>
    ${others.map(({ holder }) => html`<option key=${holder} value=${holder}>${holder}</option>`)}</select>`;
}

/** @param {Shard} shard @param {readonly Consumer[]} consumers @param {number} readAt */
function reason(shard, consumers, readAt) {
  const owner = consumers.find(({ holder }) => holder === shard.owner);
  if (shard.next !== null && owner !== undefined)
    return html`Shard ${shard.id} goes from <b>${shard.owner}</b> to <b>${shard.next}</b>: it has left the replies to ${shard.owner}.${' '}
      ${shard.next} gets it after a heartbeat of ${shard.owner} that no longer reports it, or when the lease of ${shard.owner} ends, in${' '}
      <${Countdown} ms=${owner.remainingMs} readAt=${readAt} frozen=${clockFrozen.value} />.`;
  if (shard.state === 'wait')
    return html`Shard ${shard.id} waits: it is the child of a shard whose logs are not consumed to their end, and the group keeps order.`;
  return html`Shard ${shard.id} goes to <b>${shard.next ?? 'the next consumer'}</b> with its next heartbeat.`;
}

/** The last heartbeat of each consumer: what it reported, what it was told. @param {{ tenant: string, group: string, consumers: readonly string[] }} properties */
function Heartbeats({ tenant, group, consumers }) {
  const query = { tenant, group, operation: 'ConsumerGroupHeartBeat', limit: 100, order: 'newest' };
  const { data, error } = useResource(
    { path: '/journal', query },
    ({ type, protocol }) => type === 'request' && protocol === 'sls',
  );
  if (error !== undefined) return html`<p class="dim">The last heartbeats need the journal: JOURNAL=on.</p>`;
  const last = consumers.flatMap((holder) => {
    const entry = data?.entries.find((/** @type {any} */ one) => one.holder === holder);
    return entry === undefined ? [] : [entry];
  });
  if (last.length === 0) return null;
  return html`<h3>Last heartbeats</h3><div class="scroll"><table><thead><tr><th scope="col">consumer</th><th scope="col">reported</th><th scope="col">returned</th><th scope="col">changed</th></tr></thead>
    <tbody>${last.map((entry) => {
      const reported = shardsOf(entry.request.body);
      const returned = shardsOf(entry.reply?.body);
      const gained = returned.filter((id) => !reported.includes(id));
      const lost = reported.filter((id) => !returned.includes(id));
      return html`<tr key=${entry.holder}><td>${entry.holder}</td><td class="mono">[${reported.join(', ')}]</td>
        <td class="mono">${entry.reply?.status === 200 ? `[${returned.join(', ')}]` : `${entry.reply?.status ?? ''} ${entry.reply?.body?.errorCode ?? ''}`}</td>
        <td>${gained.length + lost.length === 0 ? html`<span class="dim">nothing</span>` : ''}${gained.map((id) => html`<ins> +${id}</ins>`)}${lost.map((id) => html`<del> −${id}</del>`)}</td></tr>`;
    })}</tbody></table></div>`;
}

/** @param {unknown} body @returns {number[]} */
const shardsOf = (body) => (Array.isArray(body) ? body.filter((id) => typeof id === 'number') : []);
