/** What is alive, how busy the node is, and what happens next. */
import { events, useResource } from '../live.js';
import { clockTime } from '../names.js';
import { Countdown, Empty, Failure, Spark } from '../parts/notes.js';
import { clockFrozen } from '../parts/shell.js';
import { Table } from '../parts/table.js';
import { href, route } from '../route.js';
import { html } from '../ui.js';

const isLease = (/** @type {{ type: string }} */ { type }) =>
  type.startsWith('lease.') || type === 'clock.moved';
const protocols = [
  ['sls', 'SLS consumers'],
  ['pbx', 'PBX tokens'],
  ['presence', 'Presence occupants'],
];
const sum = (/** @type {readonly number[]} */ values) => values.reduce((total, value) => total + value, 0);

export function Overview() {
  const { tenant } = route.value.query;
  const overview = useResource({ path: '/overview' }, () => true, 1_000);
  const leases = useResource({ path: '/leases', query: { tenant, limit: 1_000 } }, isLease, 1_000);
  const faults = useResource({ path: '/faults' }, ({ type }) => type === 'fault.fired', 1_000);
  const dead = useResource({ path: '/pbx/dead-letters' }, ({ protocol }) => protocol === 'pbx', 2_000);
  const { data } = overview;
  if (data === undefined) return html`<${Failure} error=${overview.error} />`;
  const total = sum(Object.values(data.leases));
  const active = (faults.data?.faults ?? []).filter((/** @type {any} */ rule) => rule.remaining !== 0);
  const next = (leases.data?.leases ?? [])
    .toSorted((/** @type {any} */ a, /** @type {any} */ b) => a.remainingMs - b.remainingMs)
    .slice(0, 10);
  return html`
    <div class="tiles">
      ${protocols.map(
        ([id, title]) =>
          html`<div class="tile"><b>${data.leases[id] ?? 0}</b><span><a href=${href(id, { tenant })}>${title}</a></span></div>`,
      )}
      <div class="tile"><b>${(sum(data.perSecond.requests.slice(-10)) / 10).toFixed(1)}</b><span>requests/s, last 10 s</span></div>
      <div class="tile"><b>${sum(data.perSecond.errors)}</b><span>errors in 10 min</span></div>
      <div class="tile"><b>${data.latenessP99Ms === null ? '–' : `${Math.round(data.latenessP99Ms)} ms`}</b><span>expiry lateness, p99</span></div>
      <div class="tile"><b>${active.length}</b><span><a href=${href('faults')}>active faults</a></span></div>
      <div class="tile"><b>${dead.data?.deadLetters.length ?? 0}</b><span><a href=${href('pbx')}>dead letters</a></span></div>
    </div>
    ${
      total === 0 &&
      html`<section class="panel"><h2>Nothing is alive yet</h2>
        <${Empty} what="No client has sent a heartbeat." command=${`curl '${location.origin}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=300'`} /></section>`
    }
    <div class="two">
      <section class="panel"><h2>Requests, ten minutes</h2><${Spark} label="Requests" values=${data.perSecond.requests} />
        <h3>Errors</h3><${Spark} label="Errors" values=${data.perSecond.errors} bad />
        <h3>Expiries</h3><${Spark} label="Expiries" values=${data.perSecond.expiries} /></section>
      <section class="panel"><h2>Next deadlines</h2>
        ${
          next.length === 0
            ? html`<p class="dim">No lease runs.</p>`
            : html`<${Table} caption="Next deadlines" head=${['ends in', 'holder', 'group', 'tenant']} rows=${next}
                keyOf=${(/** @type {any} */ lease) => `${lease.tenant} ${lease.group} ${lease.holder}`}
                cells=${(/** @type {any} */ lease) => [
                  html`<td class="nowrap"><${Countdown} ms=${lease.remainingMs} readAt=${leases.readAt} frozen=${clockFrozen.value} /></td>`,
                  html`<td class="cut" title=${lease.holder}>${lease.holder}</td>`,
                  html`<td class="cut" title=${lease.group}>${lease.group}</td>`,
                  html`<td class="cut" title=${lease.tenant}>${lease.tenant}</td>`,
                ]} />`
        }
        ${leases.data?.next !== null && leases.data !== undefined && html`<p class="dim">Of the first 1 000 leases.</p>`}</section>
      <section class="panel"><h2>Largest tenants</h2>
        ${
          data.tenants.length === 0
            ? html`<p class="dim">None.</p>`
            : html`<${Table} caption="Tenants" head=${['tenant', 'leases']} rows=${data.tenants.slice(0, 100)} keyOf=${(/** @type {any} */ one) => one.tenant}
                cells=${(/** @type {any} */ one) => [
                  html`<td class="name"><a href=${href(one.protocol, { tenant: one.tenant })}>${one.tenant}</a></td>`,
                  html`<td class="num">${one.leases}</td>`,
                ]} />`
        }</section>
      <section class="panel"><h2>What just happened</h2><${EventLog} /></section>
    </div>`;
}

/**
 * The newest events, as one line each.
 * @param {{ only?: (event: any) => boolean }} properties
 */
export function EventLog({ only = () => true }) {
  const shown = events.value.filter((event) => event.type !== 'gap' && only(event)).slice(0, 100);
  if (shown.length === 0) return html`<p class="dim">Nothing since this page was opened.</p>`;
  return html`<div class="log" role="log" tabindex="0" aria-label="Events">${shown.map(
    (event) => html`<div key=${event.seq}><span class="dim">${clockTime(event.at)}</span> ${event.type}
      ${' '}${[event.operation, event.holder, event.group && `in ${event.group}`, event.status].filter((part) => part !== undefined && part !== null && part !== '').join(' ')}</div>`,
  )}</div>`;
}
