/** The journal: what clients sent, what came back, and why something was refused. */
import { send } from '../api.js';
import { useResource } from '../live.js';
import { clockTime, parseSelector } from '../names.js';
import { Copy } from '../parts/action.js';
import { Empty, Failure } from '../parts/notes.js';
import { paused } from '../parts/shell.js';
import { Table } from '../parts/table.js';
import { href, route, setQuery } from '../route.js';
import { html, useEffect, useState } from '../ui.js';

/** @typedef {any} Entry */

/** The PBX tells failures in replies with status 200. */
const isRefused = (/** @type {Entry} */ { reply, state }) =>
  (reply?.status ?? 0) >= 400 || state === 'aborted' || reply?.body?.status === 'Failed';

export function Requests() {
  const { tenant, find = '', seq } = route.value.query;
  const query = { tenant, ...parseSelector(find), limit: 500, order: 'newest' };
  const { data, error } = useResource(
    { path: '/journal', query },
    ({ type }) => type === 'request' && !paused.value,
    500,
  );
  if (error !== undefined && data === undefined)
    return html`<section class="panel"><h2>No journal</h2><${Empty} what=${error.message} command="JOURNAL=on heartbeatd" /></section>`;
  const entries = data?.entries ?? [];
  const refused = entries.filter(isRefused).slice(0, 5);
  return html`
    ${
      refused.length > 0 &&
      html`<section class="panel"><h2>Refused</h2>${refused.map(
        (
          /** @type {Entry} */ entry,
        ) => html`<div class="error" key=${entry.seq} style=${{ marginBottom: '6px' }}>
          <a href=${href('requests', { tenant, find, seq: String(entry.seq) })}>${entry.operation} ${entry.reply?.status ?? entry.state}</a>
          ${' '}<span class="mono">${entry.request.method} ${entry.request.url}</span>
          ${entry.notes.map((/** @type {string} */ note) => html`<br />${note}`)}${entry.notes.length === 0 && html`<br />${messageOf(entry)}`}</div>`,
      )}</section>`
    }
    <div class="two">
      <section class="panel"><div class="row end"><h2>Requests</h2>
        <button aria-pressed=${paused.value ? 'true' : 'false'} onClick=${() => {
          paused.value = !paused.value;
        }}>${paused.value ? 'Paused' : 'Pause'}</button></div>
        <${Failure} error=${error} />
        ${
          entries.length === 0
            ? html`<${Empty} what=${find === '' ? 'No client has sent a request yet.' : `No request matches ${find}.`} command=${`curl '${location.origin}/time/0'`} />`
            : html`<${Table} caption="Requests" head=${['at', 'operation', 'status', 'holder', 'ms']} rows=${entries}
                keyOf=${(/** @type {Entry} */ entry) => String(entry.seq)}
                onPick=${(/** @type {Entry} */ entry) => setQuery({ seq: String(entry.seq) })}
                rowClass=${(/** @type {Entry} */ entry) => (String(entry.seq) === seq ? 'chosen' : isRefused(entry) ? 'refused' : '')}
                cells=${(/** @type {Entry} */ entry) => [
                  html`<td class="num nowrap">${clockTime(entry.at)}</td>`,
                  html`<td class="cut wide" title=${entry.operation}>${entry.operation}</td>`,
                  html`<td>${entry.reply?.status ?? entry.state}${entry.fault !== null && html` <span class="badge warn">fault</span>`}</td>`,
                  html`<td class="cut" title=${entry.holder ?? ''}>${entry.holder ?? ''}</td>`,
                  html`<td class="num">${entry.ms === null ? '' : entry.ms.toFixed(1)}</td>`,
                ]} />`
        }</section>
      <${Detail} seq=${seq ?? entries[0]?.seq} />
    </div>`;
}

/** What the vendor's error says. @param {Entry} entry */
function messageOf({ reply }) {
  const body = reply?.body;
  if (body === null || typeof body !== 'object') return typeof body === 'string' ? body.slice(0, 300) : '';
  if (body.errno !== undefined) return `errno ${body.errno}`;
  return body.errorMessage ?? body.message ?? body.error ?? JSON.stringify(body).slice(0, 300);
}

/** @param {{ seq: string | number | undefined }} properties */
function Detail({ seq }) {
  const [entry, setEntry] = useState(/** @type {Entry | undefined} */ (undefined));
  const [error, setError] = useState(/** @type {Error | undefined} */ (undefined));
  useEffect(() => {
    const end = new AbortController();
    if (seq === undefined) return;
    send({ path: `/journal/${encodeURIComponent(seq)}` }, end.signal).then(
      (found) => {
        setEntry(found);
        setError(undefined);
      },
      (failure) => {
        if (!end.signal.aborted) setError(failure);
      },
    );
    return () => end.abort();
  }, [seq]);
  if (error !== undefined) return html`<section class="panel"><${Failure} error=${error} /></section>`;
  if (entry === undefined)
    return html`<section class="panel dim">Choose a request to see all of it.</section>`;
  const match = Object.fromEntries(
    ['protocol', 'tenant', 'group', 'holder', 'operation'].flatMap((name) =>
      entry[name] === null ? [] : [[name, entry[name]]],
    ),
  );
  const json = (/** @type {unknown} */ value) => JSON.stringify(value, null, 2);
  return html`<section class="panel" aria-label="Request ${entry.seq}"><h2>${entry.operation} <span class="dim">#${entry.seq}, ${entry.protocol}</span></h2>
    <div class="row">
      <${Copy} label="Copy as curl" text=${() => curlOfEntry(entry)} />
      <${Copy} label="Copy verify" text=${() => json({ match, times: { atLeast: 1 }, within: '5s' })} />
      <a href=${href('faults', { match: JSON.stringify(match) })}>Inject a fault on this</a>
    </div>
    ${entry.notes.map((/** @type {string} */ note) => html`<p class="note">${note}</p>`)}
    ${entry.fault !== null && html`<p class="note">Fault ${entry.fault} fired on it.</p>`}
    <h3>${entry.request.method}</h3><pre>${entry.request.url}</pre>
    <${Body} title="Request body" part=${entry.request} />
    ${
      entry.reply === null
        ? html`<h3>No reply: ${entry.state}</h3>`
        : html`<h3>Reply ${entry.reply.status}, ${entry.ms?.toFixed(1)} ms</h3><${Body} title="Reply body" part=${entry.reply} />`
    }
    ${entry.meaning !== undefined && entry.meaning !== null && html`<h3>Meaning</h3><pre>${json(entry.meaning)}</pre>`}
    <details><summary>Headers</summary><pre>${json(entry.request.headers)}\n${json(entry.reply?.headers ?? {})}</pre></details>
  </section>`;
}

/** @param {{ title: string, part: any }} properties */
const Body = ({ title, part }) =>
  part.bodyBytes > 0 &&
  html`<h3>${title} <span class="dim">${part.bodyBytes} bytes${part.bodyEncoding === undefined ? '' : `, ${part.bodyEncoding}`}</span></h3>
    <pre>${typeof part.body === 'string' ? part.body : JSON.stringify(part.body, null, 1)}</pre>`;

/** @param {Entry} entry */
function curlOfEntry({ request }) {
  const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", "'\\''")}'`;
  const body =
    request.body === null
      ? []
      : [
          '--data-binary',
          quoted(typeof request.body === 'string' ? request.body : JSON.stringify(request.body)),
        ];
  const method = request.method === 'GET' ? [] : ['-X', request.method];
  return ['curl', ...method, ...body, quoted(request.url)].join(' ');
}
