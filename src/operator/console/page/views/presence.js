/** Channels, who is in them, and what subscribers were told. */
import { useResource } from '../live.js';
import { matches, parseSelector } from '../names.js';
import { Action } from '../parts/action.js';
import { Countdown, Empty, Failure } from '../parts/notes.js';
import { clockFrozen } from '../parts/shell.js';
import { Table } from '../parts/table.js';
import { Why } from '../parts/why.js';
import { route, setQuery } from '../route.js';
import { html, textIn, useState } from '../ui.js';
import { EventLog } from './overview.js';

const concerns = (/** @type {any} */ { protocol, type }) => protocol === 'presence' || type === 'clock.moved';
const announceMax = 20;

/** @typedef {{ tenant: string, group: string, holder: string, remainingMs: number, ttlMs: number, data: unknown }} Occupant */

export function Presence() {
  const { tenant, find = '', channel } = route.value.query;
  const query = {
    protocol: 'presence',
    tenant: tenant?.startsWith('presence/') ? tenant : undefined,
    limit: 1_000,
  };
  const { data, error, readAt } = useResource({ path: '/leases', query }, concerns, 500);
  const selector = parseSelector(find);
  if (data === undefined) return html`<${Failure} error=${error} />`;
  const occupants = data.leases.filter(
    (/** @type {Occupant} */ lease) =>
      matches(lease.holder, selector.holder ?? '*') && matches(lease.group, selector.group ?? '*'),
  );
  if (occupants.length === 0)
    return html`<section class="panel"><h2>No uuid is present</h2>
      <${Empty} what=${find === '' ? 'No uuid has sent a heartbeat.' : `Nothing matches ${find}.`} command=${`curl '${location.origin}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=300'`} /></section>`;
  const channels = channelsOf(occupants);
  const chosen = channels.find(({ key }) => key === channel) ?? channels[0];
  return html`<${Failure} error=${error} />
    <div class="two">
      <section class="panel"><h2>Channels</h2>
        <${Table} caption="Channels" head=${['channel', 'occupancy', 'events', 'subscribe key']} rows=${channels} keyOf=${(/** @type {any} */ one) => one.key}
          onPick=${(/** @type {any} */ one) => setQuery({ channel: one.key })} rowClass=${(/** @type {any} */ one) => (one.key === chosen.key ? 'chosen' : '')}
          cells=${(/** @type {any} */ one) => [
            html`<td class="name">${one.group}</td>`,
            html`<td class="num">${one.members.length}</td>`,
            html`<td>${one.members.length > announceMax ? 'by interval' : 'each announced'}</td>`,
            html`<td class="cut">${one.tenant.slice('presence/'.length)}</td>`,
          ]} />
        ${data.next !== null && html`<p class="dim">The first 1 000 leases; choose a tenant to see the rest.</p>`}
      </section>
      <${Members} channel=${chosen} readAt=${readAt} />
    </div>
    <section class="panel"><h2>Joins, leaves and timeouts</h2><${EventLog} only=${(/** @type {any} */ event) => event.protocol === 'presence' && event.type !== 'request'} /></section>`;
}

/** @param {readonly Occupant[]} occupants */
function channelsOf(occupants) {
  /** @type {Map<string, { key: string, tenant: string, group: string, members: Occupant[] }>} */
  const channels = new Map();
  for (const lease of occupants) {
    const key = `${lease.tenant} ${lease.group}`;
    const channel = channels.get(key) ?? { key, tenant: lease.tenant, group: lease.group, members: [] };
    channel.members.push(lease);
    channels.set(key, channel);
  }
  return [...channels.values()].sort((a, b) => b.members.length - a.members.length);
}

/** @param {{ channel: { tenant: string, group: string, members: readonly Occupant[] }, readAt: number }} properties */
function Members({ channel: { tenant, group, members }, readAt }) {
  const [message, setMessage] = useState('"hello"');
  const key = tenant.slice('presence/'.length);
  const end = (/** @type {string} */ holder, /** @type {string} */ as) => () => ({
    method: 'DELETE',
    path: '/leases',
    query: { tenant, group, holder, as },
  });
  const parts = [key, key, 0, group, 0, message].map((part) => encodeURIComponent(part));
  return html`<section class="panel"><h2>${group}</h2>
    <${Table} caption="Occupants of ${group}" head=${['uuid', 'times out in', 'state', '']} rows=${members} keyOf=${(/** @type {Occupant} */ one) => one.holder}
      cells=${(/** @type {Occupant} */ one) => [
        html`<td class="name">${one.holder}</td>`,
        html`<td class="nowrap"><${Countdown} ms=${one.remainingMs} readAt=${readAt} frozen=${clockFrozen.value} /></td>`,
        html`<td class="mono name">${one.data === null ? html`<span class="dim">none</span>` : JSON.stringify(one.data)}</td>`,
        html`<td class="nowrap"><${Action} label="time out" kind="plain" call=${end(one.holder, 'expired')} /> <${Action} label="leave" kind="plain" call=${end(one.holder, 'released')} />
          <${Why} subject=${{ tenant, group, holder: one.holder }} /></td>`,
      ]} />
    <p class="row"><label>Message, as JSON <input class="wide" value=${message} onInput=${(/** @type {Event} */ event) => setMessage(textIn(event))} /></label>
      <${Action} label="Publish" call=${() => ({ outside: true, path: `/publish/${parts[0]}/${parts[1]}/0/${parts[3]}/0/${parts[5]}`, query: { uuid: 'console' } })} /></p>
  </section>`;
}
