/** What is alive, how busy the node is, and what happens next. */
import { vendorOrigin } from '../api.js';
import { events, useResource } from '../live.js';
import { clockTime, leaseQuery } from '../names.js';
import { Countdown, Empty, Failure, Spark } from '../parts/notes.js';
import { clockFrozen } from '../parts/shell.js';
import { Table } from '../parts/table.js';
import { href, route } from '../route.js';
import { html } from '../ui.js';

/** @typedef {import('../types/replies.js').Overview} OverviewReply */
/** @typedef {import('../types/replies.js').Lease} Lease */
/** @typedef {import('../types/replies.js').FaultRule} FaultRule */
/** @typedef {import('../live.js').LiveEvent} LiveEvent */
/** @typedef {OverviewReply['tenants'][number]} Tenant */

const isLease = (/** @type {LiveEvent} */ { type }) => type.startsWith('lease.') || type === 'clock.moved';
const protocols = [
  ['sls', 'SLS consumers'],
  ['pbx', 'PBX tokens'],
  ['presence', 'Presence occupants'],
];
const shownFaults = 5;
const sum = (/** @type {readonly number[]} */ values) => values.reduce((total, value) => total + value, 0);
const perSecond = (/** @type {readonly number[]} */ values) => (sum(values.slice(-10)) / 10).toFixed(1);

export function Overview() {
  const { tenant, find = '' } = route.value.query;
  const overview = useResource({ path: '/overview' }, () => true, 1_000);
  const faults = useResource(
    { path: '/faults', query: { limit: 1_000 } },
    ({ type }) => type === 'fault.fired' || type === 'request',
    2_000,
  );
  const dead = useResource(
    { path: '/pbx/dead-letters', query: { limit: 1_000 } },
    ({ protocol }) => protocol === 'pbx',
    2_000,
  );
  const data = /** @type {OverviewReply | undefined} */ (overview.data);
  if (data === undefined) return html`<${Failure} error=${overview.error} />`;
  const rules =
    /** @type {import('../types/replies.js').FaultRules | undefined} */ (faults.data)?.faults ?? [];
  const active = rules.filter(({ remaining }) => remaining !== 0);
  const deadLetters = /** @type {import('../types/replies.js').DeadLetters | undefined} */ (dead.data)
    ?.deadLetters;
  const { requests, errors, expiries } = data.perSecond;
  return html`<${Failure} error=${overview.error} />
    <div class="tiles">
      ${protocols.map(([id, title]) => html`<${Tile} value=${data.leases[id] ?? 0}><a href=${href(id, { tenant })}>${title}</a><//>`)}
      <${Tile} value=${perSecond(requests)}>requests/s, last 10 s<//>
      <${Tile} value=${perSecond(errors)} isBad=${sum(errors.slice(-10)) > 0}>errors/s, last 10 s<//>
      <${Tile} value=${perSecond(expiries)}>expiries/s, last 10 s<//>
      <${Tile} value=${data.latenessP99Ms === null ? '–' : `${Math.round(data.latenessP99Ms)} ms`}>expiry lateness, p99<//>
      <${Tile} value=${active.length} isBad=${active.length > 0}><a href=${href('faults')}>active faults</a><//>
      <${Tile} value=${deadLetters?.length ?? 0} isBad=${(deadLetters?.length ?? 0) > 0}><a href=${href('pbx')}>dead letters</a><//>
    </div>
    ${sum(Object.values(data.leases)) === 0 && html`<${Nothing} />`}
    <div class="two"><div class="stack">
      <section class="panel"><h2>The last ten minutes</h2>
        <h3>Requests</h3><${Spark} label="Requests" values=${requests} />
        <h3>Errors</h3><${Spark} label="Errors" values=${errors} bad />
        <h3>Expiries</h3><${Spark} label="Expiries" values=${expiries} /></section>
      ${active.length > 0 && html`<${ActiveFaults} rules=${active} />`}
      ${data.nodes.length > 1 && html`<${NodeList} nodes=${data.nodes} />`}
      <section class="panel"><h2>Largest tenants</h2>
        ${
          data.tenants.length === 0
            ? html`<p class="dim">None.</p>`
            : html`<${Table} caption="Tenants" head=${['tenant', 'leases']} rows=${data.tenants} keyOf=${(/** @type {Tenant} */ one) => one.tenant}
                cells=${(/** @type {Tenant} */ one) => [
                  html`<td class="name"><a href=${href(one.protocol, { tenant: one.tenant })}>${one.tenant}</a></td>`,
                  html`<td class="num">${one.leases}</td>`,
                ]} />`
        }</section>
    </div><div class="stack">
      <${NextDeadlines} query=${{ ...leaseQuery(find), ...(tenant === undefined ? {} : { tenant }) }} />
      <section class="panel"><h2>What just happened</h2><${EventLog} /></section>
    </div></div>`;
}

/** @param {{ value: string | number, isBad?: boolean, children: unknown }} properties */
const Tile = ({ value, isBad = false, children }) =>
  html`<div class="tile"><b class=${isBad ? 'bad' : ''}>${value}</b><span>${children}</span></div>`;

const Nothing = () => html`<section class="panel"><h2>Nothing is alive yet</h2>
  <${Empty} what="No client has sent a heartbeat." command=${`curl '${vendorOrigin.value}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=300'`} /></section>`;

/** The leases that end first, of all that are selected. @param {{ query: Record<string, string | undefined> }} properties */
function NextDeadlines({ query }) {
  const resource = useResource(
    { path: '/leases', query: { ...query, order: 'deadline', limit: 10 } },
    isLease,
    2_000,
  );
  const data = /** @type {import('../types/replies.js').Leases | undefined} */ (resource.data);
  const next = data?.leases ?? [];
  return html`<section class="panel"><h2>Next deadlines</h2><${Failure} error=${resource.error} />
    ${
      next.length === 0
        ? html`<p class="dim">No lease runs.</p>`
        : html`<${Table} caption="Next deadlines" head=${['ends in', 'holder', 'group', 'tenant']} rows=${next}
            keyOf=${(/** @type {Lease} */ lease) => `${lease.tenant} ${lease.group} ${lease.holder}`}
            cells=${(/** @type {Lease} */ lease) => [
              html`<td class="nowrap"><${Countdown} ms=${lease.remainingMs} readAt=${resource.readAt} frozen=${clockFrozen.value} /></td>`,
              html`<td class="cut" title=${lease.holder}>${lease.holder}</td>`,
              html`<td class="cut" title=${lease.group}>${lease.group}</td>`,
              html`<td class="cut" title=${lease.tenant}>${lease.tenant}</td>`,
            ]} />`
    }
    ${data?.isComplete === false && html`<p class="dim">Of the first 20 000 leases.</p>`}</section>`;
}

/** @param {{ rules: readonly FaultRule[] }} properties */
const ActiveFaults = ({ rules }) => html`<section class="panel"><h2>Active faults</h2>
  <ul class="plain">${rules.slice(0, shownFaults).map(
    (rule) =>
      html`<li key=${rule.id}><a href=${href('faults')}>${rule.id}</a> <code class="wrap">${JSON.stringify(rule.do)}</code> on <code class="wrap">${JSON.stringify(rule.match ?? {})}</code>,
      ${' '}fired ${rule.fired} times, ${rule.remaining === null ? 'always' : `${rule.remaining} left`}</li>`,
  )}</ul>
  ${rules.length > shownFaults && html`<p class="dim">And ${rules.length - shownFaults} more.</p>`}</section>`;

/** @param {{ nodes: OverviewReply['nodes'] }} properties */
const NodeList = ({ nodes }) => html`<section class="panel"><h2>Nodes</h2>
  <ul class="plain">${nodes.map(({ id, self }) => html`<li key=${id}><code class="wrap">${id}</code> ${self && html`<span class="badge good">this one</span>`}</li>`)}</ul></section>`;

/**
 * The newest events, as one line each.
 * @param {{ only?: (event: LiveEvent) => boolean }} properties
 */
export function EventLog({ only = () => true }) {
  const shown = events.value.filter((event) => event.type !== 'gap' && only(event)).slice(0, 100);
  if (shown.length === 0) return html`<p class="dim">Nothing since this page was opened.</p>`;
  return html`<div class="log" role="log" tabindex="0" aria-label="Events">${shown.map(
    (event) => html`<div key=${event.seq}><span class="dim">${clockTime(event.at)}</span> ${event.type}
      ${' '}${[event.operation, event.holder, event.group && `in ${event.group}`, event.status].filter((part) => part !== undefined && part !== null && part !== '').join(' ')}</div>`,
  )}</div>`;
}
