/** The model of the PBX: extensions and trunks are added, changed and deleted. Applications get a report of each change. */
import { useResource } from '../live.js';
import { Action, perform } from '../parts/action.js';
import { KeptInput } from '../parts/kept-input.js';
import { Failure } from '../parts/notes.js';
import { Table } from '../parts/table.js';
import { html, textIn, useState } from '../ui.js';
import { concerns, pbxQuery } from './pbx-events.js';

/**
 * @typedef {{ number: string, username?: string, type?: string, status?: string, callerid?: string, agentid?: string }} Extension
 * @typedef {{ name: string, type?: string, status?: string, port?: string, host?: string }} Trunk
 */

const extensionStatus = [
  'Registered',
  'Idle',
  'Ringing',
  'Busy',
  'InUse',
  'Hold',
  'Unavailable',
  'Unregistered',
  'Malfunction',
];
const trunkStatus = ['Registered', 'Unreachable', 'Failed', 'Idle', 'Busy'];

export function Model() {
  const { data, error, refresh } = useResource(
    /** @type {import('../api.js').Read<{ extensions: readonly Extension[], trunks: readonly Trunk[] }>} */ ({
      path: '/pbx/model',
      query: pbxQuery(),
    }),
    concerns,
    1_000,
  );
  const [number, setNumber] = useState('');
  const [trunk, setTrunk] = useState('');
  return html`<section class="panel" aria-label="Model"><h2>Extensions and trunks</h2><${Failure} error=${error} />
    <${Table} caption="Extensions" head=${['number', 'name', 'status', '']} rows=${data?.extensions ?? []} keyOf=${(/** @type {Extension} */ one) => one.number}
      cells=${(/** @type {Extension} */ one) => extensionCells(one, refresh)} />
    <div class="row"><label>New number <input size="8" value=${number} onInput=${(/** @type {Event} */ event) => setNumber(textIn(event))} /></label>
      <${Action} label="Add extension" disabled=${number === ''} onDone=${refresh}
        call=${() => ({ method: 'PUT', path: `/pbx/extensions/${encodeURIComponent(number)}`, query: pbxQuery(), body: { username: number, type: 'SIP', status: 'Registered' } })} /></div>
    <${Table} caption="Trunks" head=${['trunk', 'type', 'status', '']} rows=${data?.trunks ?? []} keyOf=${(/** @type {Trunk} */ one) => one.name}
      cells=${(/** @type {Trunk} */ one) => trunkCells(one, refresh)} />
    <div class="row"><label>New trunk <input size="8" value=${trunk} onInput=${(/** @type {Event} */ event) => setTrunk(textIn(event))} /></label>
      <${Action} label="Add trunk" disabled=${trunk === ''} onDone=${refresh}
        call=${() => ({ method: 'PUT', path: `/pbx/trunks/${encodeURIComponent(trunk)}`, query: pbxQuery(), body: { type: 'SIP', status: 'Registered' } })} /></div>
  </section>`;
}

/** @param {Extension} one @param {() => void} onDone */
function extensionCells(one, onDone) {
  const { number, ...members } = one;
  const path = `/pbx/extensions/${encodeURIComponent(number)}`;
  return [
    html`<td>${number}</td>`,
    html`<td><${KeptInput} size="10" aria-label="Name of ${number}" value=${one.username}
      onEnter=${(/** @type {string} */ username) => change(path, { ...members, username }, onDone)} /></td>`,
    html`<td><${Status} of=${number} value=${one.status} choices=${extensionStatus} onChoose=${(/** @type {string} */ status) => change(path, { ...members, status }, onDone)} /></td>`,
    html`<td><${Action} label="delete" kind="plain" confirm=${`Delete extension ${number}? Applications get a report.`} onDone=${onDone} call=${() => ({ method: 'DELETE', path, query: pbxQuery() })} /></td>`,
  ];
}

/** @param {Trunk} one @param {() => void} onDone */
function trunkCells(one, onDone) {
  const { name, ...members } = one;
  const path = `/pbx/trunks/${encodeURIComponent(name)}`;
  return [
    html`<td class="name">${name}</td>`,
    html`<td><${KeptInput} size="8" aria-label="Type of ${name}" value=${one.type}
      onEnter=${(/** @type {string} */ type) => change(path, { ...members, type }, onDone)} /></td>`,
    html`<td><${Status} of=${name} value=${one.status} choices=${trunkStatus} onChoose=${(/** @type {string} */ status) => change(path, { ...members, status }, onDone)} /></td>`,
    html`<td><${Action} label="delete" kind="plain" confirm=${`Delete trunk ${name}? Applications get a report.`} onDone=${onDone} call=${() => ({ method: 'DELETE', path, query: pbxQuery() })} /></td>`,
  ];
}

/** @param {{ of: string, value: string | undefined, choices: readonly string[], onChoose: (status: string) => void }} properties */
const Status = ({ of, value, choices, onChoose }) =>
  html`<select aria-label="Status of ${of}" onChange=${(/** @type {Event} */ event) => onChoose(textIn(event))}>
    ${[...new Set([value ?? '', ...choices])].map((status) => html`<option selected=${status === value}>${status}</option>`)}</select>`;

/** Resolves with whether the change was made. @param {string} path @param {object} body @param {() => void} onDone */
async function change(path, body, onDone) {
  const call = { method: 'PUT', path, query: pbxQuery(), body };
  const isMade = (await perform(call, `Change ${path.split('/').at(-1)}`)) !== undefined;
  if (isMade) onDone();
  return isMade;
}
