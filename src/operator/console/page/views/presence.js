/** Channels, who is in them, who waits for what is sent there, and what subscribers were told. */
import { vendorOrigin } from '../api.js';
import { useResource } from '../live.js';
import { leaseQuery } from '../names.js';
import { Empty, Failure } from '../parts/notes.js';
import { Table } from '../parts/table.js';
import { route, setQuery } from '../route.js';
import { html } from '../ui.js';
import { EventLog } from './overview.js';
import { Members } from './presence-members.js';
import { Groups, Subscribes } from './presence-subscribes.js';
import { Tokens } from './presence-tokens.js';

/**
 * @typedef {{ tenant: string, group: string, holder: string, remainingMs: number, ttlMs: number, data: unknown }} Occupant
 * @typedef {{ key: string, tenant: string, group: string, members: readonly Occupant[] }} Channel
 * @typedef {{ leases: readonly Occupant[], next: string | null }} LeasePage
 * @typedef {{ settings: readonly { name: string, value: string }[] }} SettingList
 */

const prefix = 'presence/';
const defaultAnnounceMax = 20;

/** @param {import('../live.js').LiveEvent} event */
const concerns = ({ protocol, type }) => protocol === 'presence' || type === 'clock.moved';

export function Presence() {
  const { tenant, find = '', channel } = route.value.query;
  const { holder, group } = leaseQuery(find);
  const query = {
    protocol: 'presence',
    tenant: tenant?.startsWith(prefix) ? tenant : undefined,
    holder,
    group,
    limit: 1_000,
  };
  const { data, error, readAt } = useResource(
    /** @type {import('../api.js').Read<LeasePage>} */ ({ path: '/leases', query }),
    concerns,
    500,
  );
  const announceMax = useAnnounceMax();
  if (data === undefined) return html`<${Failure} error=${error} />`;
  const channels = channelsOf(data.leases);
  const chosen = channels.find(({ key }) => key === channel) ?? channels[0];
  return html`<${Failure} error=${error} />
    ${
      chosen === undefined
        ? html`<${NobodyPresent} find=${find} />`
        : html`<div class="two">
          <section class="panel"><h2>Channels</h2>
            <${Table} caption="Channels" head=${['channel', 'occupancy', 'events', 'subscribe key']} rows=${channels} keyOf=${(/** @type {Channel} */ one) => one.key}
              onPick=${(/** @type {Channel} */ one) => setQuery({ channel: one.key })} rowClass=${(/** @type {Channel} */ one) => (one.key === chosen.key ? 'chosen' : '')}
              cells=${(/** @type {Channel} */ one) => [
                html`<td class="name">${one.group}</td>`,
                html`<td class="num">${one.members.length}</td>`,
                html`<td>${one.members.length > announceMax ? 'by interval' : 'each announced'}</td>`,
                html`<td class="cut">${one.tenant.slice(prefix.length)}</td>`,
              ]} />
            ${data.next !== null && html`<p class="dim">The first 1 000 leases; choose a tenant to see the rest.</p>`}
          </section>
          <${Members} channel=${chosen} readAt=${readAt} />
        </div>`
    }
    <div class="two"><${Subscribes} tenant=${query.tenant} /><${Groups} tenant=${query.tenant ?? chosen?.tenant} /></div>
    <div class="two">
      <section class="panel"><h2>Joins, leaves, timeouts and intervals</h2><${EventLog} only=${isOfPresence} /></section>
      <${Tokens} tenant=${query.tenant ?? chosen?.tenant} />
    </div>`;
}

/** @param {import('../live.js').LiveEvent} event */
const isOfPresence = ({ protocol, type }) => protocol === 'presence' && type !== 'request';

/** Returns from how many occupants on a channel stops announcing each of them. */
function useAnnounceMax() {
  const { data } = useResource(
    /** @type {import('../api.js').Read<SettingList>} */ ({ path: '/settings' }),
    () => false,
  );
  return Number(
    data?.settings.find(({ name }) => name === 'PRESENCE_ANNOUNCE_MAX')?.value ?? defaultAnnounceMax,
  );
}

/** @param {{ find: string }} properties */
const NobodyPresent = ({ find }) =>
  html`<section class="panel"><h2>No uuid is present</h2>
    <${Empty} what=${find === '' ? 'No uuid has sent a heartbeat.' : `Nothing matches ${find}.`} command=${`curl '${vendorOrigin.value}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=300'`} /></section>`;

/** @param {readonly Occupant[]} occupants @returns {readonly Channel[]} the largest first */
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
