/** One request of the journal: what it meant, and what can be made of it: a command, an assertion, a fault. */
import { send, vendorOrigin } from '../api.js';
import { Copy } from '../parts/action.js';
import { Failure } from '../parts/notes.js';
import { href } from '../route.js';
import { html, useEffect, useState } from '../ui.js';

/** @typedef {import('./requests.js').Entry} Entry */

/** @param {{ seq: string | number | undefined, node: string | undefined }} properties */
export function Detail({ seq, node }) {
  const [entry, setEntry] = useState(/** @type {Entry | undefined} */ (undefined));
  const [error, setError] = useState(/** @type {Error | undefined} */ (undefined));
  useEffect(() => {
    const end = new AbortController();
    if (seq === undefined) {
      setEntry(undefined);
      return;
    }
    send({ path: `/journal/${encodeURIComponent(seq)}`, query: { node } }, end.signal).then(
      (/** @type {Entry} */ found) => {
        setEntry(found);
        setError(undefined);
      },
      (failure) => {
        if (!end.signal.aborted) setError(failure);
      },
    );
    return () => end.abort();
  }, [seq, node]);
  if (error !== undefined) return html`<section class="panel"><${Failure} error=${error} /></section>`;
  if (entry === undefined)
    return html`<section class="panel dim">Choose a request to see all of it.</section>`;
  const match = matchOf(entry);
  return html`<section class="panel" aria-label="Request ${entry.seq}"><h2>${entry.operation} <span class="dim">#${entry.seq}, ${entry.protocol}${entry.node !== undefined && `, served by ${entry.node}`}</span></h2>
    <div class="row">
      <${Copy} label="Copy as curl" text=${() => curlOfEntry(entry)} />
      <${Copy} label="Copy verify" text=${() => json({ match, times: { atLeast: 1 }, within: '5s' })} />
      <${Copy} label="Copy JSON" text=${() => json(entry)} />
      ${entry.protocol !== 'none' && html`<a href=${href('faults', { match: JSON.stringify(match) })}>Inject a fault on this</a>`}
    </div>
    ${entry.notes.map((note) => html`<p class="note" key=${note}>${note}</p>`)}
    ${entry.fault !== null && html`<p class="note">Fault ${entry.fault} fired on it.</p>`}
    <${Meaning} entry=${entry} />
    <h3>${entry.request.method}${entry.client !== null && html` <span class="dim">from ${entry.client}</span>`}</h3><pre>${entry.request.url}</pre>
    <${Body} title="Request body" part=${entry.request} />
    ${
      entry.reply === null
        ? html`<h3>No reply: ${entry.state}</h3>`
        : html`<h3>Reply ${entry.reply.status}, ${entry.ms?.toFixed(1)} ms</h3><${Body} title="Reply body" part=${entry.reply} />`
    }
    <details><summary>Headers</summary><pre>${json(entry.request.headers)}\n${json(entry.reply?.headers ?? {})}</pre></details>
  </section>`;
}

/** @param {unknown} value */
const json = (value) => JSON.stringify(value, null, 2);

/** The selector of requests like this one. @param {Entry} entry @returns {Record<string, string>} */
function matchOf(entry) {
  const { protocol, tenant, group, holder, operation } = entry;
  // Rules and names of reports that an operator wrote are for what the server sends only with its direction.
  const direction = entry.direction === 'out' ? 'out' : null;
  const named = Object.entries({ protocol, tenant, group, holder, operation, direction });
  return Object.fromEntries(named.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

/** @param {{ entry: Entry }} properties */
function Meaning({ entry: { meaning, caused, tenant, group, holder } }) {
  const rows = [
    ...Object.entries({ tenant, group, holder }).filter(([, value]) => value !== null),
    ...Object.entries(meaning ?? {}),
    ...(caused.length === 0 ? [] : [['events', caused.join(', ')]]),
  ];
  if (rows.length === 0) return null;
  return html`<h3>Meaning</h3>
    <table><tbody>${rows.map(
      ([name, value]) =>
        html`<tr key=${name}><th scope="row">${name}</th><td class="name">${typeof value === 'string' ? value : JSON.stringify(value)}</td></tr>`,
    )}</tbody></table>`;
}

/** @param {{ title: string, part: import('./requests.js').Body }} properties */
const Body = ({ title, part }) =>
  part.bodyBytes > 0 &&
  html`<h3>${title} <span class="dim">${part.bodyBytes} bytes${part.bodyEncoding === undefined ? '' : `, ${part.bodyEncoding}`}</span></h3>
    <pre>${typeof part.body === 'string' ? part.body : JSON.stringify(part.body, null, 1)}</pre>`;

const repeated = /^(?:content-type|x-log-(?:apiversion|bodyrawsize|compresstype))$/;

/** A command that sends the request again, by way of this server as a proxy where its host is another. @param {Entry} entry */
function curlOfEntry({ request }) {
  const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", "'\\''")}'`;
  const { body, method, headers, url } = request;
  const isElsewhere = !url.startsWith(`${vendorOrigin.value}/`);
  return [
    'curl',
    ...(isElsewhere ? ['-x', vendorOrigin.value] : []),
    ...(method === 'GET' || method === '' ? [] : ['-X', method]),
    ...Object.entries(headers).flatMap(([name, value]) =>
      repeated.test(name) ? ['-H', quoted(`${name}: ${value}`)] : [],
    ),
    ...(body === null
      ? []
      : ['--data-binary', quoted(typeof body === 'string' ? body : JSON.stringify(body))]),
    quoted(url),
  ].join(' ');
}
