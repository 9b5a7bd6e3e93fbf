/** The API reference, made from the OpenAPI document, with "try it". */
import { ApiError, curlOf, send } from '../api.js';
import { useResource } from '../live.js';
import { Failure } from '../parts/notes.js';
import { route } from '../route.js';
import { html, textIn, useState } from '../ui.js';

/** @typedef {{ name: string, in: string, required?: boolean, description?: string, schema?: any }} Parameter */

export function Reference() {
  const { data, error } = useResource({ path: '/openapi.json' }, () => false);
  const find = (route.value.query.find ?? '').toLowerCase();
  if (data === undefined) return html`<${Failure} error=${error} />`;
  const operations = Object.entries(data.paths).flatMap(([path, methods]) =>
    Object.entries(/** @type {Record<string, any>} */ (methods))
      .filter(([method]) => /^(get|post|put|patch|delete|options)$/.test(method))
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  );
  const shown = operations.filter(
    ({ path, summary = '', operationId = '' }) =>
      find === '' || `${path} ${summary} ${operationId}`.toLowerCase().includes(find),
  );
  const tags = [...new Set(shown.map(({ tags: [tag = 'other'] = [] }) => tag))].sort((a, b) =>
    a === 'operator' ? -1 : b === 'operator' ? 1 : a.localeCompare(b),
  );
  return html`${tags.map(
    (tag) =>
      html`<section class="panel"><h2>${tag}</h2>${shown
        .filter(({ tags: [first = 'other'] = [] }) => first === tag)
        .map(
          (operation) =>
            html`<${Operation} key=${`${operation.method} ${operation.path}`} operation=${operation} />`,
        )}</section>`,
  )}`;
}

/** @param {{ operation: any }} properties */
function Operation({ operation }) {
  const [isOpen, setOpen] = useState(false);
  const { method, path, summary, description, parameters = [], requestBody, responses = {} } = operation;
  return html`<details onToggle=${(/** @type {Event} */ event) => setOpen(/** @type {HTMLDetailsElement} */ (event.currentTarget).open)}>
    <summary><code>${method} ${path}</code> <span class="dim">${summary}</span></summary>
    ${
      isOpen &&
      html`<div style=${{ padding: '6px 0 14px 16px' }}>
      ${description && html`<p>${description}</p>`}
      ${
        parameters.length > 0 &&
        html`<table><thead><tr><th scope="col">parameter</th><th scope="col">where</th><th scope="col">meaning</th></tr></thead>
        <tbody>${parameters.map((/** @type {Parameter} */ one) => html`<tr><td class="mono">${one.name}${one.required ? ' *' : ''}</td><td>${one.in}</td><td class="name">${one.description ?? typeOf(one.schema)}</td></tr>`)}</tbody></table>`
      }
      ${requestBody && html`<h3>Body</h3><pre>${JSON.stringify(schemaOf(requestBody), null, 1)}</pre>`}
      <p class="dim">Replies: ${Object.keys(responses).join(', ')}</p>
      <${TryIt} operation=${operation} />
    </div>`
    }
  </details>`;
}

const typeOf = (/** @type {any} */ schema) => schema?.type ?? '';
/** @param {any} body */
const schemaOf = (body) => /** @type {any} */ (Object.values(body.content ?? {})[0])?.schema ?? {};

/** @param {{ operation: any }} properties */
function TryIt({ operation }) {
  const { method, path, parameters = [], requestBody } = operation;
  const [values, setValues] = useState(/** @type {Record<string, string>} */ ({}));
  const [body, setBody] = useState('{}');
  const [reply, setReply] = useState('');
  /** @returns {import('../api.js').Call} */
  const call = () => {
    const filled = path.replace(/\{([^}]+)\}/g, (/** @type {string} */ _, /** @type {string} */ name) =>
      encodeURIComponent(values[name] ?? ''),
    );
    const query = Object.fromEntries(
      parameters
        .filter((/** @type {Parameter} */ one) => one.in === 'query')
        .map((/** @type {Parameter} */ { name }) => [name, values[name]]),
    );
    const isOperator = path.startsWith('/_heartbeatd');
    return {
      method,
      path: isOperator ? filled.slice('/_heartbeatd'.length) : filled,
      query,
      outside: !isOperator,
      ...(requestBody === undefined ? {} : { body: JSON.parse(body) }),
    };
  };
  const run = async () => {
    try {
      setReply(JSON.stringify(await send(call(), AbortSignal.timeout(10_000)), null, 2));
    } catch (error) {
      setReply(error instanceof ApiError ? `${error.status} ${error.message}` : String(error));
    }
  };
  const shownCurl = () => {
    try {
      return curlOf(call());
    } catch {
      return 'The body is not JSON yet.';
    }
  };
  const inputs = parameters.filter((/** @type {Parameter} */ one) => one.in === 'path' || one.in === 'query');
  return html`<h3>Try it</h3>
    <div class="row">${inputs.map(
      (/** @type {Parameter} */ { name, required }) =>
        html`<label>${name}${required ? ' *' : ''} <input size="14" value=${values[name] ?? ''} onInput=${(/** @type {Event} */ event) => setValues({ ...values, [name]: textIn(event) })} /></label>`,
    )}</div>
    ${requestBody && html`<textarea rows="4" aria-label="Body as JSON" value=${body} onInput=${(/** @type {Event} */ event) => setBody(textIn(event))}></textarea>`}
    <pre class="curl">${shownCurl()}</pre>
    <p><button onClick=${run}>Send</button></p>
    ${reply !== '' && html`<pre class="curl" role="status">${reply}</pre>`}`;
}
