/** Fault rules: what fails, how often it did, and presets. */
import { useResource } from '../live.js';
import { Action } from '../parts/action.js';
import { Failure } from '../parts/notes.js';
import { Table } from '../parts/table.js';
import { route } from '../route.js';
import { html, textIn, useState } from '../ui.js';

/** @typedef {import('../types/replies.js').FaultRule} FaultRule */

const anyHeartbeat = { operation: '*eart*eat*' };

/** What is chosen most often: name, what it does in words, rule. */
const presets = /** @type {const} */ ([
  [
    'Lose the reply to the next heartbeat',
    'The heartbeat takes effect, and its client never learns it.',
    { match: anyHeartbeat, do: { drop: 'after' } },
  ],
  [
    'Store away for 5 s',
    "Every request gets its vendor's error for a store that cannot be reached.",
    { when: { count: 'all', for: '5s' }, do: { store: 'away' } },
  ],
  [
    'Stale assignment',
    'The next SLS heartbeat is returned shard 0 alone, as by a node that is behind.',
    { match: { operation: 'ConsumerGroupHeartBeat' }, do: { answer: [0] } },
  ],
  [
    '429 for a minute',
    'Presence refuses every request as one too many.',
    { match: { protocol: 'presence' }, when: { count: 'all', for: '1m' }, do: { status: 429 } },
  ],
  [
    'Every reply 800 ms late',
    'Until the rule is removed.',
    { when: { count: 'all' }, do: { delay: '800ms' } },
  ],
  [
    'Half of all replies are lost',
    'By chance, with the same choices each time.',
    { when: { count: 'all', share: 0.5, seed: 1 }, do: { drop: 'after' } },
  ],
  ['Hold the next request', 'It waits until the rule is released.', { do: { hold: true } }],
  ['Reset the next connection', 'Before the request takes effect.', { do: { reset: true } }],
]);

export function Faults() {
  const resource = useResource(
    { path: '/faults', query: { limit: 1_000 } },
    ({ type }) => type === 'fault.fired' || type === 'request',
    1_000,
  );
  const rules =
    /** @type {import('../types/replies.js').FaultRules | undefined} */ (resource.data)?.faults ?? [];
  const { refresh } = resource;
  return html`
    <section class="panel"><div class="row end"><h2>Rules</h2>
      ${rules.length > 0 && html`<${Action} label="Remove all" kind="bad" confirm="Remove every fault rule?" onDone=${refresh} call=${() => ({ method: 'DELETE', path: '/faults' })} />`}</div>
      <${Failure} error=${resource.error} />
      ${rules.length === 0 ? html`<p class="dim">No request fails. Add a rule below, or choose a preset.</p>` : html`<${Rules} rules=${rules} onDone=${refresh} />`}</section>
    <div class="two">
      <section class="panel"><h2>Presets</h2><ul class="presets">${presets.map(
        ([label, meaning, body]) => html`<li key=${label}>
          <${Action} label=${label} onDone=${refresh} call=${() => ({ method: 'POST', path: '/faults', body })} /> <span class="dim">${meaning}</span></li>`,
      )}</ul></section>
      <${NewRule} onDone=${refresh} />
    </div>`;
}

/** @param {{ rules: readonly FaultRule[], onDone: () => void }} properties */
const Rules = ({ rules, onDone }) =>
  html`<${Table} caption="Fault rules" head=${['id', 'matches', 'does', 'when', 'matched', 'fired', 'left', '']} rows=${rules} keyOf=${(/** @type {FaultRule} */ rule) => rule.id}
    rowClass=${(/** @type {FaultRule} */ rule) => (rule.remaining === 0 ? 'spent' : '')}
    cells=${(/** @type {FaultRule} */ rule) => [
      html`<td class="cut" title=${rule.id}>${rule.id}</td>`,
      html`<td class="mono name">${JSON.stringify(rule.match ?? {})}</td>`,
      html`<td class="mono name">${JSON.stringify(rule.do)}</td>`,
      html`<td class="mono name">${rule.when === undefined ? '' : JSON.stringify(rule.when)}</td>`,
      html`<td class="num">${rule.matched}</td>`,
      html`<td class="num">${rule.fired}</td>`,
      html`<td class="num">${rule.remaining ?? 'always'}${rule.held > 0 ? `, holds ${rule.held}` : ''}</td>`,
      html`<td class="nowrap">${rule.held > 0 && html`<${Action} label="release" kind="plain" onDone=${onDone} call=${() => ({ method: 'POST', path: `/faults/${rule.id}/release` })} />`}
        <${Action} label="remove" kind="plain" onDone=${onDone} call=${() => ({ method: 'DELETE', path: `/faults/${rule.id}` })} /></td>`,
    ]} />`;

/** @param {{ onDone: () => void }} properties */
function NewRule({ onDone }) {
  const { match } = route.value.query;
  const [text, setText] = useState(() =>
    JSON.stringify(
      { match: parse(match ?? '') ?? { operation: 'ConsumerGroupHeartBeat' }, do: { drop: 'after' } },
      null,
      2,
    ),
  );
  const rule = parse(text);
  return html`<section class="panel"><h2>New rule</h2>
    <textarea rows="9" aria-label="Rule as JSON" value=${text} onInput=${(/** @type {Event} */ event) => setText(textIn(event))}></textarea>
    ${rule === undefined && html`<p class="error" role="alert">This is not JSON yet.</p>`}
    <p><${Action} label="Add" kind="main" disabled=${rule === undefined} onDone=${onDone} call=${() => ({ method: 'POST', path: '/faults', body: rule })} /></p>
    <p class="dim">It fires once unless <code>when.count</code> says otherwise. The members of <code>match</code>, <code>when</code> and <code>do</code> are in the <a href="#/reference?find=addFault">API reference</a>.</p>
  </section>`;
}

/** @param {string} text @returns {unknown} undefined if it is not JSON */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
