/** Fault rules: what fails, how often it did, and presets. */
import { useResource } from '../live.js';
import { Action } from '../parts/action.js';
import { Failure } from '../parts/notes.js';
import { Table } from '../parts/table.js';
import { route } from '../route.js';
import { html, textIn, useState } from '../ui.js';

const presets = [
  ['Lose the reply to the next heartbeat', { match: { operation: '*eart*eat*' }, do: { drop: 'after' } }],
  ['Store away for 5 s', { when: { count: 'all', for: '5s' }, do: { store: 'away' } }],
  ['Stale assignment', { match: { operation: 'ConsumerGroupHeartBeat' }, do: { answer: [0] } }],
  [
    '429 for a minute',
    { match: { protocol: 'presence' }, when: { count: 'all', for: '1m' }, do: { status: 429 } },
  ],
  ['Every reply 800 ms late', { when: { count: 'all' }, do: { delay: '800ms' } }],
  ['Reset the next connection', { do: { reset: true } }],
];

export function Faults() {
  const { data, error, refresh } = useResource({ path: '/faults' }, ({ type }) => type === 'fault.fired');
  const start = route.value.query.match;
  const [text, setText] = useState(() =>
    JSON.stringify(
      {
        match: start === undefined ? { operation: 'ConsumerGroupHeartBeat' } : JSON.parse(start),
        do: { drop: 'after' },
      },
      null,
      2,
    ),
  );
  const [problem, setProblem] = useState('');
  const parsed = () => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  const rules = data?.faults ?? [];
  return html`
    <section class="panel"><div class="row end"><h2>Rules</h2>
      ${rules.length > 0 && html`<${Action} label="Remove all" kind="bad" confirm="Remove every fault rule?" onDone=${refresh} call=${() => ({ method: 'DELETE', path: '/faults' })} />`}</div>
      <${Failure} error=${error} />
      ${
        rules.length === 0
          ? html`<p class="dim">No request fails. Add a rule below, or choose a preset.</p>`
          : html`<${Table} caption="Fault rules" head=${['id', 'matches', 'does', 'matched', 'fired', 'left', '']} rows=${rules} keyOf=${(/** @type {any} */ rule) => rule.id}
              cells=${(/** @type {any} */ rule) => [
                html`<td>${rule.id}</td>`,
                html`<td class="mono name">${JSON.stringify(rule.match ?? {})}</td>`,
                html`<td class="mono name">${JSON.stringify(rule.do)}</td>`,
                html`<td class="num">${rule.matched}</td>`,
                html`<td class="num">${rule.fired}</td>`,
                html`<td class="num">${rule.remaining ?? 'always'}${rule.held > 0 ? `, holds ${rule.held}` : ''}</td>`,
                html`<td class="nowrap">${rule.held > 0 && html`<${Action} label="release" kind="plain" onDone=${refresh} call=${() => ({ method: 'POST', path: `/faults/${rule.id}/release` })} />`}
                  <${Action} label="remove" kind="plain" onDone=${refresh} call=${() => ({ method: 'DELETE', path: `/faults/${rule.id}` })} /></td>`,
              ]} />`
      }</section>
    <div class="two">
      <section class="panel"><h2>Presets</h2><div class="row">${presets.map(
        ([label, body]) =>
          html`<${Action} label=${label} onDone=${refresh} call=${() => ({ method: 'POST', path: '/faults', body })} />`,
      )}</div></section>
      <section class="panel"><h2>New rule</h2>
        <textarea rows="9" aria-label="Rule as JSON" value=${text} onInput=${(/** @type {Event} */ event) => {
          setText(textIn(event));
          setProblem('');
        }}></textarea>
        ${(parsed() === undefined || problem !== '') && html`<p class="error" role="alert">${problem || 'This is not JSON yet.'}</p>`}
        <p><${Action} label="Add" kind="main" disabled=${parsed() === undefined} onDone=${refresh} call=${() => ({ method: 'POST', path: '/faults', body: parsed() })} /></p>
      </section>
    </div>`;
}
