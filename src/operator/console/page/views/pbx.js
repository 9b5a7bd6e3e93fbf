/** Applications of the PBX: their tokens, where their reports go, calls, and what became of reports. */
import { useResource } from '../live.js';
import { clockTime, matches, parseSelector } from '../names.js';
import { Action } from '../parts/action.js';
import { Countdown, Empty, Failure } from '../parts/notes.js';
import { clockFrozen } from '../parts/shell.js';
import { Table } from '../parts/table.js';
import { Why } from '../parts/why.js';
import { route } from '../route.js';
import { html, textIn, useState } from '../ui.js';

const concerns = (/** @type {any} */ { protocol, type }) =>
  protocol === 'pbx' || type === 'clock.moved' || type.startsWith('report.');

export function Pbx() {
  const selector = parseSelector(route.value.query.find ?? '');
  const leases = useResource({ path: '/leases', query: { protocol: 'pbx', limit: 1_000 } }, concerns);
  const deliveries = useResource({ path: '/pbx/deliveries' }, concerns, 1_000);
  if (leases.data === undefined) return html`<${Failure} error=${leases.error} />`;
  const tokens = leases.data.leases.filter(
    (/** @type {any} */ lease) =>
      matches(lease.holder, selector.holder ?? '*') && matches(lease.group, selector.group ?? '*'),
  );
  const deliveryOf = (/** @type {string} */ token) =>
    deliveries.data?.deliveries.find((/** @type {any} */ delivery) => delivery.tokens.includes(token));
  return html`
    <section class="panel"><h2>Applications</h2>
      ${
        tokens.length === 0
          ? html`<${Empty} what="No application is logged in." command=${`curl -d '{"username":"api","password":"1a1dc91c907325c69271ddf0c944bc72","port":"8260"}' ${location.origin}/api/v1.1.0/login`} />`
          : html`<${Table} caption="Tokens" head=${['user', 'token', 'ends in', 'callback', 'reports', '']} rows=${tokens}
              keyOf=${(/** @type {any} */ lease) => lease.holder}
              cells=${(/** @type {any} */ lease) => tokenCells(lease, deliveryOf(lease.holder), leases.readAt)} />`
      }
    </section>
    <div class="two"><${Calls} /><${Diagnostics} /></div>
    <div class="two"><${DeadLetters} /><${Model} /></div>`;
}

/** @param {any} lease @param {any} delivery @param {number} readAt */
function tokenCells(lease, delivery, readAt) {
  const { tenant, group, holder } = lease;
  return [
    html`<td class="name">${group}</td>`,
    html`<td class="mono" title=${holder}>${holder.slice(0, 8)}…</td>`,
    html`<td class="nowrap"><${Countdown} ms=${lease.remainingMs} readAt=${readAt} frozen=${clockFrozen.value} /></td>`,
    html`<td class="name mono">${delivery?.url ?? lease.data?.callback ?? html`<span class="dim">none</span>`}</td>`,
    html`<td>${delivery === undefined ? '' : html`<span class=${delivery.allowed && delivery.retrying === 0 && delivery.fix === undefined ? '' : 'warn'}>${delivery.state}</span>${delivery.fix && html`<br /><small class="dim">To mend it: ${delivery.fix}</small>`}`}</td>`,
    html`<td class="nowrap"><${Action} label="expire" kind="plain" confirm=${`End this token of ${group}, as if 30 minutes had passed?`}
        call=${() => ({ method: 'DELETE', path: '/leases', query: { tenant, group, holder, as: 'expired' } })} />
      <${Action} label="send a test report" kind="plain" call=${() => ({ method: 'POST', path: '/pbx/deliveries/test', body: { token: holder } })} />
      <${Why} subject=${{ tenant, group, holder }} /></td>`,
  ];
}

/** @param {{ number?: string, from?: string, to?: string, trunk?: string }} member */
const memberText = ({ number, from, to, trunk }) => number ?? `${from} to ${to} by ${trunk}`;

const nextSteps = ['ring', 'answer', 'hold', 'resume', 'hangup'];

function Calls() {
  const { data, error, refresh } = useResource({ path: '/pbx/calls' }, concerns, 1_000);
  const [from, setFrom] = useState('1000');
  const [to, setTo] = useState('1001');
  const open = data?.calls ?? [];
  return html`<section class="panel"><h2>Calls</h2><${Failure} error=${error} />
    <div class="row"><label>From <input size="8" value=${from} onInput=${(/** @type {Event} */ event) => setFrom(textIn(event))} /></label>
      <label>To <input size="8" value=${to} onInput=${(/** @type {Event} */ event) => setTo(textIn(event))} /></label>
      <${Action} label="Play a whole call" call=${() => ({ method: 'POST', path: '/pbx/calls', body: { from, to } })} onDone=${refresh} />
      <${Action} label="Ring only" call=${() => ({ method: 'POST', path: '/pbx/calls', body: { from, to, steps: ['ring'] } })} onDone=${refresh} /></div>
    ${
      open.length === 0
        ? html`<p class="dim">No call is open.</p>`
        : html`<${Table} caption="Open calls" head=${['call', 'from', 'to', '']} rows=${open} keyOf=${(/** @type {any} */ call) => call.callid}
            cells=${(/** @type {any} */ call) => [
              html`<td class="mono">${call.callid}</td>`,
              html`<td>${memberText(call.caller)}</td>`,
              html`<td>${memberText(call.callee)}</td>`,
              html`<td>${nextSteps.map(
                (step) => html`<${Action} label=${step} kind="plain" onDone=${refresh}
                call=${() => ({ method: 'POST', path: `/pbx/calls/${encodeURIComponent(call.callid)}`, body: { steps: [step] } })} />`,
              )}</td>`,
            ]} />`
    }</section>`;
}

function Diagnostics() {
  const { data, error } = useResource({ path: '/pbx/diagnostics' }, concerns, 1_000);
  const notes = (data?.diagnostics ?? []).toReversed();
  return html`<section class="panel"><h2>Where reports went</h2><${Failure} error=${error} />
    ${
      notes.length === 0
        ? html`<p class="dim">No delivery had a problem.</p>`
        : html`<div class="log" tabindex="0" role="region" aria-label="Problems of deliveries">${notes.map(
            (
              /** @type {any} */ note,
            ) => html`<div><span class="dim">${clockTime(note.atMs)}</span> ${note.user}: ${note.message} ${note.url ?? ''}
              ${note.detail && html`<br /><span class="dim">${note.detail}</span>`}</div>`,
          )}</div>`
    }</section>`;
}

function DeadLetters() {
  const { data, error, refresh } = useResource({ path: '/pbx/dead-letters' }, concerns, 1_000);
  const letters = data?.deadLetters ?? [];
  return html`<section class="panel"><div class="row end"><h2>Dead letters</h2>
      ${letters.length > 0 && html`<${Action} label="Replay all" onDone=${refresh} call=${() => ({ method: 'POST', path: '/pbx/dead-letters/replay', body: {} })} />`}</div>
    <${Failure} error=${error} />
    ${
      letters.length === 0
        ? html`<p class="dim">None: every report was taken, or is still being sent.</p>`
        : html`<${Table} caption="Dead letters" head=${['user', 'report', 'last attempt', '']} rows=${letters} keyOf=${(/** @type {any} */ letter) => letter.key}
            cells=${(/** @type {any} */ letter) => [
              html`<td>${letter.user}</td>`,
              html`<td><details><summary>${letter.report?.action ?? letter.action ?? 'report'}</summary><pre>${JSON.stringify(letter.report ?? letter, null, 1)}</pre></details></td>`,
              html`<td class="name">${letter.outcome ?? letter.reason ?? ''}</td>`,
              html`<td><${Action} label="replay" kind="plain" onDone=${refresh} call=${() => ({ method: 'POST', path: '/pbx/dead-letters/replay', body: { keys: [letter.key] } })} /></td>`,
            ]} />`
    }</section>`;
}

const extensionStatus = ['Registered', 'Idle', 'Unavailable', 'Busy', 'Ringing'];

function Model() {
  const { data, error, refresh } = useResource({ path: '/pbx/model' }, concerns, 1_000);
  const [number, setNumber] = useState('');
  return html`<section class="panel"><h2>Extensions and trunks</h2><${Failure} error=${error} />
    <${Table} caption="Extensions" head=${['number', 'name', 'status', '']} rows=${data?.extensions ?? []} keyOf=${(/** @type {any} */ one) => one.number}
      cells=${(/** @type {any} */ one) => [
        html`<td>${one.number}</td>`,
        html`<td class="name">${one.username}</td>`,
        html`<td><select aria-label="Status of ${one.number}" onChange=${(/** @type {Event} */ event) => changeExtension(one, textIn(event), refresh)}>
          ${[...new Set([one.status, ...extensionStatus])].map((status) => html`<option selected=${status === one.status}>${status}</option>`)}</select></td>`,
        html`<td><${Action} label="delete" kind="plain" confirm=${`Delete extension ${one.number}? Applications get a report.`} onDone=${refresh}
          call=${() => ({ method: 'DELETE', path: `/pbx/extensions/${encodeURIComponent(one.number)}` })} /></td>`,
      ]} />
    <p class="row"><label>New number <input size="8" value=${number} onInput=${(/** @type {Event} */ event) => setNumber(textIn(event))} /></label>
      <${Action} label="Add extension" disabled=${number === ''} onDone=${refresh}
        call=${() => ({ method: 'PUT', path: `/pbx/extensions/${encodeURIComponent(number)}`, body: { username: number, type: 'SIP', status: 'Registered' } })} /></p>
    <p class="dim">Trunks: ${(data?.trunks ?? []).map((/** @type {any} */ trunk) => `${trunk.name} (${trunk.type}, ${trunk.status})`).join(', ') || 'none'}</p></section>`;
}

/** @param {any} extension @param {string} status @param {() => void} onDone */
async function changeExtension({ number, ...rest }, status, onDone) {
  const { perform } = await import('../parts/action.js');
  const call = {
    method: 'PUT',
    path: `/pbx/extensions/${encodeURIComponent(number)}`,
    body: { ...rest, status },
  };
  if ((await perform(call, `Status of ${number}`)) !== undefined) onDone();
}
