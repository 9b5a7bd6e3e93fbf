/** The occupants of one channel, and what can be done with them: state, message, leave, timeout. */
import { Action } from '../parts/action.js';
import { Countdown } from '../parts/notes.js';
import { clockFrozen } from '../parts/shell.js';
import { Table } from '../parts/table.js';
import { Why } from '../parts/why.js';
import { html, textIn, useState } from '../ui.js';

/** @typedef {import('./presence.js').Occupant} Occupant */

/** @param {{ channel: import('./presence.js').Channel, readAt: number }} properties */
export function Members({ channel: { tenant, group, members }, readAt }) {
  const end = (/** @type {string} */ holder, /** @type {string} */ as) => () => ({
    method: 'DELETE',
    path: '/leases',
    query: { tenant, group, holder, as },
  });
  return html`<section class="panel"><h2>${group}</h2>
    <${Table} caption="Occupants of ${group}" head=${['uuid', 'times out in', 'state', '']} rows=${members} keyOf=${(/** @type {Occupant} */ one) => one.holder}
      cells=${(/** @type {Occupant} */ one) => [
        html`<td class="name">${one.holder}</td>`,
        html`<td class="nowrap"><${Countdown} ms=${one.remainingMs} readAt=${readAt} frozen=${clockFrozen.value} /></td>`,
        html`<td class="mono name">${one.data === null ? html`<span class="dim">none</span>` : JSON.stringify(one.data)}</td>`,
        html`<td><${Action} label="time out" kind="plain" call=${end(one.holder, 'expired')} /> <${Action} label="leave" kind="plain" call=${end(one.holder, 'released')} />
          <${Why} subject=${{ tenant, group, holder: one.holder }} /></td>`,
      ]} />
    <${StateForm} tenant=${tenant} channel=${group} uuids=${members.map(({ holder }) => holder)} />
    <${PublishForm} tenant=${tenant} channel=${group} />
  </section>`;
}

const maxListed = 200;

/** @param {{ tenant: string, channel: string, uuids: readonly string[] }} properties */
function StateForm({ tenant, channel, uuids }) {
  const [uuid, setUuid] = useState('');
  const [text, setText] = useState('{"mood":"ok"}');
  const state = parsed(text);
  const isObject = state !== null && typeof state === 'object' && !Array.isArray(state);
  return html`<div class="row"><label>State of <input size="10" list="uuids" placeholder="uuid" value=${uuid} onInput=${(/** @type {Event} */ event) => setUuid(textIn(event))} /></label>
    <datalist id="uuids">${uuids.slice(0, maxListed).map((name) => html`<option value=${name} />`)}</datalist>
    <label>as JSON <input size="18" value=${text} aria-invalid=${isObject ? 'false' : 'true'} onInput=${(/** @type {Event} */ event) => setText(textIn(event))} /></label>
    <${Action} label="Set state" disabled=${uuid === '' || !isObject}
      call=${() => ({ method: 'POST', path: '/presence/state', body: { tenant, uuid, channels: [channel], state } })} /></div>`;
}

/** @param {{ tenant: string, channel: string }} properties */
function PublishForm({ tenant, channel }) {
  const [text, setText] = useState('"hello"');
  const body = () => ({ tenant, channel, message: parsed(text) ?? text, uuid: 'console' });
  return html`<div class="row"><label>Message <input size="18" value=${text} title="JSON; anything else is sent as text" onInput=${(/** @type {Event} */ event) => setText(textIn(event))} /></label>
    <${Action} label="Publish" call=${() => ({ method: 'POST', path: '/presence/publish', body: body() })} />
    <${Action} label="Signal" call=${() => ({ method: 'POST', path: '/presence/publish', body: { ...body(), signal: true } })} /></div>`;
}

/** @param {string} text @returns {unknown} undefined if it is not JSON */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
