/** Applications of the PBX: their tokens and where their reports go; below, calls, reports and the model. */
import { vendorOrigin } from '../api.js';
import { useResource } from '../live.js';
import { clockTime, duration, leaseQuery } from '../names.js';
import { Action } from '../parts/action.js';
import { Countdown, Empty, Failure } from '../parts/notes.js';
import { clockFrozen } from '../parts/shell.js';
import { Table } from '../parts/table.js';
import { Why } from '../parts/why.js';
import { route } from '../route.js';
import { html } from '../ui.js';
import { Calls } from './pbx-calls.js';
import { concerns, pbxQuery } from './pbx-events.js';
import { Model } from './pbx-model.js';
import { DeadLetters, Reports } from './pbx-reports.js';

/**
 * @typedef {{ outcome: string, atMs: number, address?: string, fix?: string }} LastAttempt
 * @typedef {{ user: string, tokens: readonly string[], url: string, allowed: boolean, rule?: string, waiting: number, retrying: number,
 *   attempts: number, last?: LastAttempt, nextInMs?: number, state: string, fix?: string }} Delivery
 * @typedef {{ tenant: string, group: string, holder: string, remainingMs: number, data: { callback?: string } | null }} Token
 * @typedef {{ atMs: number, user: string, message: string, url?: string, detail?: string }} Diagnostic
 */

export function Pbx() {
  const { holder, group } = leaseQuery(route.value.query.find ?? '');
  const leases = useResource(
    /** @type {import('../api.js').Read<{ leases: readonly Token[] }>} */ ({
      path: '/leases',
      query: { protocol: 'pbx', holder, group, limit: 1_000, ...pbxQuery() },
    }),
    concerns,
  );
  const deliveries = useResource(
    /** @type {import('../api.js').Read<{ deliveries: readonly Delivery[] }>} */ ({
      path: '/pbx/deliveries',
      query: { limit: 1_000, ...pbxQuery() },
    }),
    concerns,
    1_000,
  );
  if (leases.data === undefined) return html`<${Failure} error=${leases.error} />`;
  const tokens = leases.data.leases;
  const deliveryOf = (/** @type {string} */ token) =>
    deliveries.data?.deliveries.find((delivery) => delivery.tokens.includes(token));
  return html`
    <section class="panel"><h2>Applications</h2>
      ${
        tokens.length === 0
          ? html`<${Empty} what="No application is logged in." command=${`curl -d '{"username":"api","password":"1a1dc91c907325c69271ddf0c944bc72","port":"8260"}' ${vendorOrigin.value}/api/v1.1.0/login`} />`
          : html`<${Table} caption="Tokens" head=${['user', 'token', 'ends in', 'callback', 'policy', 'queue', 'reports', '']} rows=${tokens}
              keyOf=${(/** @type {Token} */ lease) => lease.holder}
              cells=${(/** @type {Token} */ lease) => tokenCells(lease, deliveryOf(lease.holder), leases.readAt)} />`
      }
    </section>
    <div class="two"><${Calls} /><${Model} /></div>
    <${Reports} />
    <div class="two"><${DeadLetters} /><${Diagnostics} /></div>`;
}

/** @param {Token} lease @param {Delivery | undefined} delivery @param {number} readAt */
function tokenCells(lease, delivery, readAt) {
  const { tenant, group, holder } = lease;
  return [
    html`<td class="name">${group}</td>`,
    html`<td class="mono" title=${holder}>${holder.slice(0, 8)}…</td>`,
    html`<td class="nowrap"><${Countdown} ms=${lease.remainingMs} readAt=${readAt} frozen=${clockFrozen.value} /></td>`,
    html`<td class="name mono">${delivery?.url ?? lease.data?.callback ?? html`<span class="dim">none</span>`}</td>`,
    html`<td>${delivery === undefined ? '' : html`<span class="badge ${delivery.allowed ? 'good' : 'bad'}">${delivery.allowed ? 'allowed' : `refused: ${delivery.rule ?? 'by a rule'}`}</span>`}</td>`,
    html`<td>${queueText(delivery)}</td>`,
    html`<td>${delivery === undefined ? '' : html`<span class=${delivery.allowed && delivery.retrying === 0 && delivery.fix === undefined ? '' : 'warn'}>${delivery.state}</span>${delivery.last && html`<br /><small class="dim">last attempt at ${clockTime(delivery.last.atMs)}</small>`}${delivery.fix && html`<br /><small class="dim">To mend it: ${delivery.fix}</small>`}`}</td>`,
    html`<td class="nowrap"><${Action} label="expire" kind="plain" confirm=${`End this token of ${group}, as if 30 minutes had passed?`}
        call=${() => ({ method: 'DELETE', path: '/leases', query: { tenant, group, holder, as: 'expired' } })} />
      <${Action} label="send a test report" kind="plain" call=${() => ({ method: 'POST', path: '/pbx/deliveries/test', query: { tenant }, body: { token: holder } })} />
      <${Why} subject=${{ tenant, group, holder }} /></td>`,
  ];
}

/** @param {Delivery | undefined} delivery */
function queueText(delivery) {
  if (delivery === undefined) return '';
  const { waiting, retrying, nextInMs } = delivery;
  const next = nextInMs === undefined || nextInMs <= 0 ? '' : `, next in ${duration(nextInMs)}`;
  return waiting + retrying === 0 ? 'empty' : `${waiting} waiting, ${retrying} retrying${next}`;
}

function Diagnostics() {
  const { data, error } = useResource(
    /** @type {import('../api.js').Read<{ diagnostics: readonly Diagnostic[] }>} */ ({
      path: '/pbx/diagnostics',
      query: { limit: 1_000, ...pbxQuery() },
    }),
    concerns,
    1_000,
  );
  const notes = data?.diagnostics ?? [];
  return html`<section class="panel"><h2>Problems of deliveries</h2><${Failure} error=${error} />
    ${
      notes.length === 0
        ? html`<p class="dim">No delivery had a problem.</p>`
        : html`<div class="log" tabindex="0" role="region" aria-label="Problems of deliveries">${notes.map(
            (
              note,
            ) => html`<div><span class="dim">${clockTime(note.atMs)}</span> ${note.user}: ${note.message} ${note.url ?? ''}
              ${note.detail && html`<br /><span class="dim">${note.detail}</span>`}</div>`,
          )}</div>`
    }</section>`;
}
