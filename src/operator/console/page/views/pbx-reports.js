/** Reports with their bodies and attempts, and those whose attempts are used up. */
import { useResource } from '../live.js';
import { clockTime, duration } from '../names.js';
import { Action } from '../parts/action.js';
import { Failure } from '../parts/notes.js';
import { Table } from '../parts/table.js';
import { html, textIn, useState } from '../ui.js';
import { concerns, pbxQuery } from './pbx-events.js';

/**
 * @typedef {{ at: string, token: string, url: string, address?: string, outcome: string, verdict: string, status?: number, reply?: string }} Attempt
 * @typedef {{ id: string, state: string, user: string, token: string, url: string, report: string, position: number, at: string,
 *   body: string, attempts: readonly Attempt[], nextInMs?: number }} Report
 * @typedef {{ key: string, user: string, url: string, report: { report: string }, attempts: number, reason: string, deadAtMs: number }} DeadLetter
 */

const states = ['waiting', 'retrying', 'delivered', 'dead', 'dropped'];
/** @type {Record<string, string>} */
const kinds = { waiting: 'warn', retrying: 'warn', delivered: 'good', dead: 'bad', dropped: '' };
/** What an answer means for the report. @type {Record<string, string>} */
const verdicts = {
  delivered: 'delivered',
  declined: 'declined: this report is sent again',
  troubled: 'not taken: all reports wait',
  unreached: 'not reached: all reports wait',
};
const finished = ['delivered', 'dead', 'dropped'];

export function Reports() {
  const [state, setState] = useState('');
  const [chosen, setChosen] = useState('');
  const { data, error, refresh } = useResource(
    /** @type {import('../api.js').Read<{ reports: readonly Report[] }>} */ ({
      path: '/pbx/reports',
      query: { state, limit: 200, ...pbxQuery() },
    }),
    concerns,
    1_000,
  );
  const reports = data?.reports ?? [];
  const shown =
    reports.find(({ id }) => id === chosen) ??
    reports.find(({ attempts }) => attempts.length > 0) ??
    reports[0];
  return html`<div class="two"><section class="panel" aria-label="Report log"><div class="row end"><h2>Reports</h2>
      <label>State <select onChange=${(/** @type {Event} */ event) => setState(textIn(event))}><option value="">all</option>
        ${states.map((name) => html`<option selected=${name === state}>${name}</option>`)}</select></label></div>
    <${Failure} error=${error} />
    ${
      shown === undefined
        ? html`<p class="dim">${state === '' ? 'No report yet: play a call, or change an extension.' : `No report is ${state}.`}</p>`
        : html`<${Table} caption="Reports" head=${['at', 'report', 'user', 'state', 'attempts', 'last answer']} rows=${reports} keyOf=${(/** @type {Report} */ one) => one.id}
            onPick=${(/** @type {Report} */ one) => setChosen(one.id)} rowClass=${(/** @type {Report} */ one) => (one.id === shown.id ? 'chosen' : '')}
            cells=${(/** @type {Report} */ one) => [
              html`<td class="num nowrap">${clockTime(one.at)}</td>`,
              html`<td class="nowrap">${one.report}</td>`,
              html`<td class="cut">${one.user}</td>`,
              html`<td><span class="badge ${kinds[one.state] ?? ''}">${one.state}</span></td>`,
              html`<td class="num">${one.attempts.length}</td>`,
              html`<td class="cut wide">${one.attempts.at(-1)?.outcome ?? ''}</td>`,
            ]} />`
    }</section>
    ${shown !== undefined && html`<${ReportDetail} report=${shown} onDone=${refresh} />`}</div>`;
}

/** @param {{ report: Report, onDone: () => void }} properties */
function ReportDetail({ report, onDone }) {
  const { id, state, attempts, nextInMs } = report;
  return html`<section class="panel" aria-label="Report ${report.report}"><div class="row end"><h2>${report.report} <span class="dim">to ${report.user}</span></h2>
      <${Action} label="Replay" disabled=${!finished.includes(state)} title=${finished.includes(state) ? undefined : 'It is not finished: it is sent without a replay.'}
        call=${() => ({ method: 'POST', path: `/pbx/reports/${encodeURIComponent(id)}/replay`, query: pbxQuery() })} onDone=${onDone} /></div>
    <p><span class="badge ${kinds[state] ?? ''}">${state}</span> <span class="mono name">${report.url}</span>${nextInMs !== undefined && nextInMs > 0 ? `, next attempt in ${duration(nextInMs)}` : ''}</p>
    <pre>${pretty(report.body)}</pre>
    <h3>Attempts</h3>
    ${
      attempts.length === 0
        ? html`<p class="dim">None yet.</p>`
        : html`<div class="scroll" tabindex="0" role="region" aria-label="Attempts"><table><thead><tr><th scope="col">at</th><th scope="col">answer</th><th scope="col">so it was</th><th scope="col">address</th></tr></thead>
          <tbody>${attempts.map(
            (attempt, at) => html`<tr key=${at}><td class="num nowrap">${clockTime(attempt.at)}</td>
              <td class="name">${attempt.outcome}${attempt.reply && html`<br /><code>${attempt.reply.slice(0, 200)}</code>`}</td>
              <td>${verdicts[attempt.verdict] ?? attempt.verdict}</td><td class="mono">${attempt.address ?? ''}</td></tr>`,
          )}</tbody></table></div>`
    }</section>`;
}

/** @param {string} text */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 1);
  } catch {
    return text;
  }
}

export function DeadLetters() {
  const { data, error, refresh } = useResource(
    /** @type {import('../api.js').Read<{ deadLetters: readonly DeadLetter[] }>} */ ({
      path: '/pbx/dead-letters',
      query: { limit: 1_000, ...pbxQuery() },
    }),
    concerns,
    1_000,
  );
  const letters = data?.deadLetters ?? [];
  return html`<section class="panel"><div class="row end"><h2>Dead letters</h2>
      ${letters.length > 0 && html`<${Action} label="Replay all" onDone=${refresh} call=${() => ({ method: 'POST', path: '/pbx/dead-letters/replay', query: pbxQuery(), body: {} })} />`}</div>
    <${Failure} error=${error} />
    ${
      letters.length === 0
        ? html`<p class="dim">None: every report was taken, or is still being sent.</p>`
        : html`<${Table} caption="Dead letters" head=${['since', 'user', 'report', 'attempts', 'last answer', '']} rows=${letters} keyOf=${(/** @type {DeadLetter} */ letter) => letter.key}
            cells=${(/** @type {DeadLetter} */ letter) => [
              html`<td class="num nowrap">${clockTime(letter.deadAtMs)}</td>`,
              html`<td class="cut">${letter.user}</td>`,
              html`<td><details><summary>${letter.report.report}</summary><pre>${JSON.stringify(letter.report, null, 1)}</pre></details></td>`,
              html`<td class="num">${letter.attempts}</td>`,
              html`<td class="name">${letter.reason}</td>`,
              html`<td><${Action} label="replay" kind="plain" onDone=${refresh} call=${() => ({ method: 'POST', path: '/pbx/dead-letters/replay', query: pbxQuery(), body: { keys: [letter.key] } })} /></td>`,
            ]} />`
    }</section>`;
}
