/** The journal: what clients sent, what came back, and why something was refused. */
import { ApiError, vendorOrigin } from '../api.js';
import { useResource } from '../live.js';
import { clockTime, parseSelector } from '../names.js';
import { Action, perform } from '../parts/action.js';
import { Empty, Failure } from '../parts/notes.js';
import { paused } from '../parts/shell.js';
import { Table } from '../parts/table.js';
import { href, route, setQuery } from '../route.js';
import { html, textIn } from '../ui.js';
import { Detail } from './request-detail.js';

/**
 * @typedef {{ body: unknown, bodyBytes: number, bodyEncoding?: 'base64' }} Body
 * @typedef {{ method: string, url: string, headers: Record<string, string> } & Body} Sent
 * @typedef {{ status: number, headers: Record<string, string> } & Body} Received
 * @typedef {{ seq: number, at: string, direction: 'in' | 'out', state: string, protocol: string, operation: string,
 *   tenant: string | null, group: string | null, holder: string | null, client: string | null, request: Sent, reply: Received | null,
 *   ms: number | null, meaning: Record<string, unknown> | null, caused: readonly number[], fault: string | null,
 *   notes: readonly string[], node?: string }} Entry
 * @typedef {{ entries: readonly Entry[], cursor: number | string, gap: boolean, unseenNodes: readonly string[] }} JournalPage
 */

/** @param {unknown} value @returns {Record<string, unknown>} */
const membersOf = (value) =>
  value !== null && typeof value === 'object' ? /** @type {Record<string, unknown>} */ (value) : {};

/** The PBX tells failures in replies with status 200. @param {Entry} entry */
const isRefused = ({ reply, state }) =>
  (reply?.status ?? 0) >= 400 || state === 'aborted' || membersOf(reply?.body).status === 'Failed';

const shownRefusals = 6;
/** Status of a server that keeps no journal. Other errors are those of a search, or of a server that is away. */
const journalOff = 404;
const protocols = ['sls', 'pbx', 'presence', 'none'];

export function Requests() {
  const { tenant, find = '', seq, node, only = '', protocol = '' } = route.value.query;
  const query = { tenant, protocol, ...parseSelector(find), limit: 500, order: 'newest' };
  const { data, error } = useResource(
    /** @type {import('../api.js').Read<JournalPage>} */ ({ path: '/journal', query }),
    ({ type }) => type === 'request' && !paused.value,
    500,
  );
  if (data === undefined && error instanceof ApiError && error.status === journalOff)
    return html`<section class="panel"><h2>No journal</h2><${Empty} what=${error.message} command="JOURNAL=on heartbeatd" /></section>`;
  const all = data?.entries ?? [];
  const unseen = data?.unseenNodes ?? [];
  const entries = only === 'refused' ? all.filter(isRefused) : all;
  return html`<${Refused} entries=${all.filter(isRefused)} />
    <div class="two">
      <section class="panel"><div class="row end"><h2>Requests</h2>
        <div class="row">
          <label>Of <select onChange=${(/** @type {Event} */ event) => setQuery({ protocol: textIn(event) || undefined })}>
            <option value="">all</option>${protocols.map((name) => html`<option value=${name} selected=${name === protocol}>${name === 'none' ? 'no protocol' : name}</option>`)}</select></label>
          <label><input type="checkbox" checked=${only === 'refused'} onChange=${() => setQuery({ only: only === 'refused' ? undefined : 'refused' })} /> refused only</label>
          <button aria-pressed=${paused.value ? 'true' : 'false'} onClick=${() => {
            paused.value = !paused.value;
          }}>${paused.value ? 'Paused' : 'Pause'}</button>
          <button onClick=${() => downloadHar({ tenant, protocol, ...parseSelector(find), limit: 1000, format: 'har' })}>Download HAR</button>
          <${Action} label="Clear" confirm="Remove these requests from the journal?" call=${() => ({ method: 'DELETE', path: '/journal', query: { tenant, protocol, ...parseSelector(find) } })}
            onDone=${() => setQuery({ seq: undefined, node: undefined })} />
        </div></div>
        <${Failure} error=${error} />
        ${unseen.length > 0 && html`<p class="note">Requests to ${unseen.join(', ')} are missing: ${unseen.length === 1 ? 'it does' : 'they do'} not answer, or keep no journal.</p>`}
        ${
          entries.length === 0
            ? error === undefined && html`<${NoRequests} find=${find} only=${only} />`
            : html`<${Table} caption="Requests" head=${['at', 'operation', 'status', 'holder', 'ms']} rows=${entries}
                keyOf=${keyOf}
                onPick=${(/** @type {Entry} */ entry) => setQuery({ seq: String(entry.seq), node: entry.node })}
                rowClass=${(/** @type {Entry} */ entry) => (String(entry.seq) === seq && entry.node === node ? 'chosen' : isRefused(entry) ? 'refused' : '')}
                cells=${cellsOf} />`
        }</section>
      <${Detail} seq=${seq ?? entries[0]?.seq} node=${seq === undefined ? entries[0]?.node : node} />
    </div>`;
}

/** @param {Entry} entry */
const keyOf = ({ seq, node = '' }) => `${seq} ${node}`;

/** @param {Entry} entry */
const cellsOf = (entry) => [
  html`<td class="num nowrap">${clockTime(entry.at)}</td>`,
  html`<td class="cut wide" title=${entry.operation}>${entry.direction === 'out' ? '→ ' : ''}${entry.operation}</td>`,
  html`<td>${entry.reply?.status ?? entry.state}${entry.fault !== null && html` <span class="badge warn">fault</span>`}</td>`,
  html`<td class="cut" title=${entry.holder ?? ''}>${entry.holder ?? ''}</td>`,
  html`<td class="num">${entry.ms === null ? '' : entry.ms.toFixed(1)}</td>`,
];

/** What was refused, once per reason, with what to set. @param {{ entries: readonly Entry[] }} properties */
function Refused({ entries }) {
  const { tenant, find } = route.value.query;
  /** @type {Map<string, { entry: Entry, count: number }>} */
  const reasons = new Map();
  for (const entry of entries) {
    const key = `${entry.operation} ${entry.reply?.status ?? entry.state} ${reasonOf(entry)}`;
    const known = reasons.get(key);
    if (known === undefined) reasons.set(key, { entry, count: 1 });
    else known.count += 1;
  }
  if (reasons.size === 0) return null;
  // What clients were refused first: what applications refuse is in the PBX view too.
  const byDirection = [...reasons.values()].sort((a, b) =>
    a.entry.direction.localeCompare(b.entry.direction),
  );
  const shown = byDirection.slice(0, shownRefusals);
  return html`<section class="panel" aria-label="Refused requests"><h2>Refused</h2>
    <ul class="refusals">${shown.map(
      ({ entry, count }) => html`<li class="error" key=${keyOf(entry)}>
        <a href=${href('requests', { tenant, find, seq: String(entry.seq), node: entry.node })}>${entry.operation} ${entry.reply?.status ?? entry.state}</a>${count > 1 && html` <span class="badge">${count} times</span>`}
        ${' '}<span class="mono">${entry.request.method} ${entry.request.url}</span>
        <br />${reasonOf(entry)}</li>`,
    )}</ul>
    ${reasons.size > shown.length && html`<p class="dim">${reasons.size - shown.length} more reasons: choose "refused only".</p>`}
  </section>`;
}

/** @param {{ find: string, only: string }} properties */
function NoRequests({ find, only }) {
  const origin = vendorOrigin.value;
  if (find !== '')
    return html`<${Empty} what=${`No request matches ${find}.`} command=${`curl '${origin}/time/0'`} />`;
  if (only !== '') return html`<p class="dim">No request was refused.</p>`;
  return html`<${Empty} what="No client has sent a request yet." command=${`curl '${origin}/time/0'`} />
    <p>A client whose requests do not appear here sends them elsewhere:</p>
    <ul>
      <li>SLS: set its HTTP proxy to ${origin} and keep its endpoint, with http://. An empty NO_PROXY keeps it from going around the proxy.</li>
      <li>PBX: address ${origin.replace(/^https?:\/\//, '')}, calls below /api/v1.1.0/.</li>
      <li>PubNub: origin ${origin.replace(/^https?:\/\//, '')}, ssl off.</li>
      <li>In a container, 127.0.0.1 is the container itself: use the name of this machine.</li>
    </ul>`;
}

/** Why it was refused: the notes, else what the vendor's error says. @param {Entry} entry */
function reasonOf(entry) {
  const { direction, notes, reply } = entry;
  if (direction === 'out')
    return `The application ${reply === null ? `gave no reply: ${notes.join(' ')}` : `replied with ${reply.status}`}. The PBX view says what becomes of the report.`;
  if (notes.length > 0) return notes.join(' ');
  const { body } = reply ?? {};
  if (typeof body === 'string') return body.slice(0, 300);
  const { errno, errorMessage, message, error } = membersOf(body);
  if (errno !== undefined) return `errno ${errno}`;
  return String(
    errorMessage ??
      message ??
      error ??
      (body === undefined ? 'no reply' : JSON.stringify(body).slice(0, 300)),
  );
}

/** @param {Record<string, unknown>} query */
async function downloadHar(query) {
  const har = await perform({ path: '/journal', query }, 'Download HAR');
  if (har === undefined) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(har)], { type: 'application/json' }));
  link.download = 'heartbeatd.har';
  link.click();
  URL.revokeObjectURL(link.href);
}
