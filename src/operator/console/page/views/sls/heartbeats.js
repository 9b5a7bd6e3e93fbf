/** The last heartbeats: what each reported, what was returned, and the difference. */
import { useResource } from '../../live.js';
import { clockTime } from '../../names.js';
import { route, setQuery } from '../../route.js';
import { html, textIn } from '../../ui.js';

/** @typedef {import('../../types/replies.js').JournalEntry} Entry */

const shownOfOne = 20;

/** @param {{ place: import('./shard-map.js').Place, consumers: readonly string[] }} properties */
export function Heartbeats({ place: { tenant, name }, consumers }) {
  const { consumer } = route.value.query;
  const query = {
    tenant,
    group: name,
    holder: consumer,
    operation: 'ConsumerGroupHeartBeat',
    limit: 100,
    order: 'newest',
  };
  const journal = useResource(
    { path: '/journal', query },
    ({ type, protocol }) => type === 'request' && protocol === 'sls',
  );
  const entries =
    /** @type {import('../../types/replies.js').Journal | undefined} */ (journal.data)?.entries ?? [];
  const shown = consumer === undefined ? newestOfEach(entries) : entries.slice(0, shownOfOne);
  return html`<section class="panel"><div class="row end"><h2>Last heartbeats</h2>
      <label>of <select aria-label="Heartbeats of" value=${consumer ?? ''} onChange=${(/** @type {Event} */ event) => setQuery({ consumer: textIn(event) || undefined })}>
        <option value="">each consumer</option>${[...new Set([...consumers, ...(consumer === undefined ? [] : [consumer])])].map((holder) => html`<option key=${holder} value=${holder} selected=${holder === consumer}>${holder}</option>`)}</select></label></div>
    ${journal.error !== undefined && html`<p class="dim">They are read from the journal: ${journal.error.message}.</p>`}
    ${
      shown.length === 0
        ? journal.error === undefined && html`<p class="dim">None yet.</p>`
        : html`<div class="scroll" tabindex="0" role="region" aria-label="Last heartbeats"><table><thead><tr>${['at', 'consumer', 'reported', 'returned', 'changed'].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
          <tbody>${shown.map((entry) => html`<${Beat} key=${entry.seq} entry=${entry} />`)}</tbody></table></div>`
    }</section>`;
}

/** @param {readonly Entry[]} entries the newest first */
function newestOfEach(entries) {
  /** @type {Map<string | null, Entry>} */
  const newest = new Map();
  for (const entry of entries) if (!newest.has(entry.holder)) newest.set(entry.holder, entry);
  return [...newest.values()];
}

/** @param {{ entry: Entry }} properties */
function Beat({ entry: { at, holder, request, reply } }) {
  const reported = shardsOf(request.body);
  const returned = shardsOf(reply?.body);
  const isOk = reply?.status === 200;
  const gained = isOk ? returned.filter((id) => !reported.includes(id)) : [];
  const lost = isOk ? reported.filter((id) => !returned.includes(id)) : [];
  return html`<tr><td class="num nowrap">${clockTime(at).slice(0, 8)}</td><td class="cut" title=${holder}>${holder}</td><td class="mono">[${reported.join(', ')}]</td>
    <td class="mono">${isOk ? `[${returned.join(', ')}]` : html`<span class="bad">${refusal(reply)}</span>`}</td>
    <td>${isOk && gained.length + lost.length === 0 && html`<span class="dim">nothing</span>`}${gained.map((id) => html`<ins> +${id}</ins>`)}${lost.map((id) => html`<del> −${id}</del>`)}</td></tr>`;
}

/** @param {Entry['reply']} reply */
function refusal(reply) {
  if (reply === null) return 'no reply';
  const { errorCode = '' } = /** @type {{ errorCode?: string }} */ (reply.body ?? {});
  return `${reply.status} ${errorCode}`;
}

/** @param {unknown} body @returns {number[]} */
const shardsOf = (body) => (Array.isArray(body) ? body.filter((id) => typeof id === 'number') : []);
