/** An access token in words: what it allows, on what, to whom and for how long. */
import { curlOf, send } from '../api.js';
import { Failure } from '../parts/notes.js';
import { html, textIn, useState } from '../ui.js';

/**
 * @typedef {Record<string, Record<string, readonly string[]>>} Permissions
 * @typedef {{ uuid: string | null, issuedAt: string, expiresAt: string, ttlMinutes: number, isExpired: boolean | null,
 *   resources: Permissions, patterns: Permissions, meta: unknown, signature: string }} Decoded
 */

/** @type {Record<string, string>} */
const kinds = { chan: 'channel', grp: 'group', uuid: 'uuid', spc: 'space', usr: 'user' };

/** @param {{ tenant: string | undefined }} properties */
export function Tokens({ tenant }) {
  const [token, setToken] = useState('');
  const [decoded, setDecoded] = useState(/** @type {Decoded | undefined} */ (undefined));
  const [error, setError] = useState(/** @type {Error | undefined} */ (undefined));
  const body = tenant === undefined ? { token: token.trim() } : { token: token.trim(), tenant };
  const call = { method: 'POST', path: '/presence/tokens/decode', body };
  const decode = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      setDecoded(await send(call));
      setError(undefined);
    } catch (failure) {
      setDecoded(undefined);
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    }
  };
  return html`<section class="panel" aria-label="Access token"><h2>Access token</h2>
    <form onSubmit=${decode}>
      <textarea rows="3" aria-label="Token" placeholder="qEF2AkF0…, as grantToken returned it" value=${token} onInput=${(/** @type {Event} */ event) => setToken(textIn(event))}></textarea>
      <p class="row"><button class="main" disabled=${token.trim() === ''} title=${curlOf(call)}>Decode</button>
        <span class="dim">${tenant === undefined ? 'Choose a tenant to have its signature checked.' : `Checked as a token of ${tenant.slice('presence/'.length)}.`}</span></p>
    </form>
    <${Failure} error=${error} />
    ${decoded !== undefined && html`<${Content} token=${decoded} />`}</section>`;
}

/** @param {{ token: Decoded }} properties */
function Content({ token }) {
  const rows = [...rowsOf(token.resources, ''), ...rowsOf(token.patterns, 'pattern of ')];
  const isBad = token.isExpired === true || token.signature === 'invalid';
  return html`<div role="status">
    <p><span class="badge ${isBad ? 'bad' : 'good'}">${token.isExpired === true ? 'expired' : `signature ${token.signature}`}</span>
      ${' '}For ${token.uuid ?? 'any uuid'}, ${token.ttlMinutes} min, until <span class="num">${token.expiresAt}</span>.
      ${token.signature === 'invalid' && ' It was signed with another secret key, so it counts as no token.'}</p>
    ${
      rows.length === 0
        ? html`<p class="dim">It allows nothing.</p>`
        : html`<table><thead><tr><th scope="col">on</th><th scope="col">name</th><th scope="col">allows</th></tr></thead>
          <tbody>${rows.map(
            ([kind, name, allowed]) =>
              html`<tr key=${`${kind} ${name}`}><td>${kind}</td><td class="mono name">${name}</td><td>${allowed}</td></tr>`,
          )}</tbody></table>`
    }
    ${token.meta !== null && html`<pre>${JSON.stringify(token.meta, null, 1)}</pre>`}</div>`;
}

/** @param {Permissions} permissions @param {string} before */
const rowsOf = (permissions, before) =>
  Object.entries(permissions).flatMap(([kind, names]) =>
    Object.entries(names).map(([name, allowed]) => [
      `${before}${kinds[kind] ?? kind}`,
      name,
      allowed.join(', '),
    ]),
  );
