/** Calls that are played, step by step. */
import { useResource } from '../live.js';
import { Action } from '../parts/action.js';
import { Failure } from '../parts/notes.js';
import { Table } from '../parts/table.js';
import { html, textIn, useState } from '../ui.js';
import { concerns, pbxQuery } from './pbx-events.js';

/**
 * @typedef {{ number?: string, from?: string, to?: string, trunk?: string }} Party
 * @typedef {{ callid: string, caller: Party, callee: Party }} OpenCall
 */

/** @param {Party} party */
const partyText = ({ number, from, to, trunk }) => number ?? `${from} to ${to} by ${trunk}`;

const plainSteps = ['ring', 'answer', 'hold', 'resume', 'fail', 'hangup'];

export function Calls() {
  const { data, error, refresh } = useResource(
    /** @type {import('../api.js').Read<{ calls: readonly OpenCall[] }>} */ ({
      path: '/pbx/calls',
      query: { limit: 1_000, ...pbxQuery() },
    }),
    concerns,
    1_000,
  );
  const [from, setFrom] = useState('1000');
  const [to, setTo] = useState('1001');
  const [target, setTarget] = useState('1002');
  const open = data?.calls ?? [];
  const play = (/** @type {OpenCall} */ call, /** @type {unknown} */ step) => () => ({
    method: 'POST',
    path: `/pbx/calls/${encodeURIComponent(call.callid)}`,
    query: pbxQuery(),
    body: { steps: [step] },
  });
  return html`<section class="panel"><h2>Calls</h2><${Failure} error=${error} />
    <div class="row"><label>From <input size="8" value=${from} onInput=${(/** @type {Event} */ event) => setFrom(textIn(event))} /></label>
      <label>To <input size="8" value=${to} onInput=${(/** @type {Event} */ event) => setTo(textIn(event))} /></label>
      <${Action} label="Play a whole call" call=${() => ({ method: 'POST', path: '/pbx/calls', query: pbxQuery(), body: { from, to } })} onDone=${refresh} />
      <${Action} label="Ring only" call=${() => ({ method: 'POST', path: '/pbx/calls', query: pbxQuery(), body: { from, to, steps: ['ring'] } })} onDone=${refresh} />
      <label>Transfer to <input size="8" value=${target} onInput=${(/** @type {Event} */ event) => setTarget(textIn(event))} /></label></div>
    ${
      open.length === 0
        ? html`<p class="dim">No call is open.</p>`
        : html`<${Table} caption="Open calls" head=${['call', 'from', 'to', '']} rows=${open} keyOf=${(/** @type {OpenCall} */ call) => call.callid}
            cells=${(/** @type {OpenCall} */ call) => [
              html`<td class="mono">${call.callid}</td>`,
              html`<td>${partyText(call.caller)}</td>`,
              html`<td>${partyText(call.callee)}</td>`,
              html`<td>${plainSteps.map((step) => html`<${Action} label=${step} kind="plain" onDone=${refresh} call=${play(call, step)} />`)}
                <${Action} label="transfer" kind="plain" onDone=${refresh} call=${play(call, { step: 'transfer', to: target })} /></td>`,
            ]} />`
    }</section>`;
}
