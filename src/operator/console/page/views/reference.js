/** The API reference, made from the OpenAPI document, with "try it". */
import { ApiError, curlOf, send } from '../api.js';
import { useResource } from '../live.js';
import { Action } from '../parts/action.js';
import { Failure } from '../parts/notes.js';
import { route } from '../route.js';
import { html, textIn, useState } from '../ui.js';

/** @typedef {{ type?: string, enum?: readonly unknown[], default?: unknown }} Schema */
/** @typedef {{ name: string, in: string, required?: boolean, description?: string, schema?: Schema }} Parameter */
/** @typedef {{ content?: Record<string, { schema?: Schema }> }} Body */
/**
 * @typedef {{ path: string, method: string, summary?: string, description?: string, operationId?: string, tags?: readonly string[],
 *   parameters?: readonly Parameter[], requestBody?: Body, responses?: Record<string, unknown> }} Operation
 */

export function Reference() {
  const resource = useResource({ path: '/openapi.json' }, () => false);
  const data =
    /** @type {{ paths: Record<string, Record<string, Omit<Operation, 'path' | 'method'>>> } | undefined} */ (
      resource.data
    );
  const find = (route.value.query.find ?? '').toLowerCase();
  if (data === undefined) return html`<${Failure} error=${resource.error} />`;
  const operations = Object.entries(data.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => /^(get|post|put|patch|delete|options)$/.test(method))
      .map(
        ([method, operation]) =>
          /** @type {Operation} */ ({ ...operation, path, method: method.toUpperCase() }),
      ),
  );
  const shown = operations.filter(
    ({ path, summary = '', operationId = '' }) =>
      find === '' || `${path} ${summary} ${operationId}`.toLowerCase().includes(find),
  );
  const tags = [...new Set(shown.map(({ tags: [tag = 'other'] = [] }) => tag))].sort((a, b) =>
    a === 'operator' ? -1 : b === 'operator' ? 1 : a.localeCompare(b),
  );
  if (shown.length === 0)
    return html`<section class="panel"><p class="dim">No operation matches ${find}.</p></section>`;
  return html`${tags.map(
    (tag) =>
      html`<section class="panel"><h2>${tag}</h2>${shown
        .filter(({ tags: [first = 'other'] = [] }) => first === tag)
        .map(
          (operation) =>
            html`<${OperationDetails} key=${`${operation.method} ${operation.path}`} operation=${operation} isAlone=${shown.length === 1} />`,
        )}</section>`,
  )}`;
}

/** @param {{ operation: Operation, isAlone: boolean }} properties */
function OperationDetails({ operation, isAlone }) {
  const [isOpen, setOpen] = useState(isAlone);
  const { method, path, summary, description, parameters = [], requestBody, responses = {} } = operation;
  return html`<details open=${isOpen} onToggle=${(/** @type {Event} */ event) => setOpen(/** @type {HTMLDetailsElement} */ (event.currentTarget).open)}>
    <summary><code>${method} ${path}</code> <span class="dim">${summary}</span></summary>
    ${
      isOpen &&
      html`<div style=${{ padding: '6px 0 14px 16px' }}>
      ${description && html`<p>${description}</p>`}
      ${
        parameters.length > 0 &&
        html`<table class="parameters"><thead><tr><th scope="col">parameter</th><th scope="col">where</th><th scope="col">meaning</th></tr></thead>
        <tbody>${parameters.map((one) => html`<tr><td class="mono">${one.name}${one.required ? ' *' : ''}</td><td>${one.in}</td><td class="name">${one.description ?? one.schema?.type ?? ''}${one.schema?.default === undefined ? '' : `; default ${JSON.stringify(one.schema.default)}`}</td></tr>`)}</tbody></table>`
      }
      ${requestBody && html`<h3>Body</h3><pre>${JSON.stringify(schemaOf(requestBody), null, 1)}</pre>`}
      <p class="dim">Replies: ${Object.keys(responses).join(', ')}</p>
      <${TryIt} operation=${operation} />
    </div>`
    }
  </details>`;
}

/** @param {Body} body @returns {Schema} */
const schemaOf = (body) => Object.values(body.content ?? {})[0]?.schema ?? {};

const notJson = 'The body is not JSON yet.';

/** @param {{ operation: Operation }} properties */
function TryIt({ operation }) {
  const { method, path, parameters = [], requestBody } = operation;
  const [values, setValues] = useState(/** @type {Record<string, string>} */ ({}));
  const [body, setBody] = useState('{}');
  const [reply, setReply] = useState('');
  /** @returns {import('../api.js').Call} */
  const call = () => {
    // What follows # separates operations of one URL: it is part of the query.
    const [place = '', fixed = ''] = path.split('#', 2);
    const filled = place.replace(/\{([^}]+)\}/g, (_, name) => encodeURIComponent(values[name] ?? ''));
    const given = parameters.filter((one) => one.in === 'query').map(({ name }) => [name, values[name]]);
    const query = { ...Object.fromEntries(given), ...Object.fromEntries(new URLSearchParams(fixed)) };
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
  const isDestructive = method === 'DELETE' || method === 'PUT' || path.endsWith('/reset');
  const isReady = () => shownCurl() !== notJson;
  const shownCurl = () => {
    try {
      return curlOf(call());
    } catch {
      return notJson;
    }
  };
  const inputs = parameters.filter((one) => one.in === 'path' || one.in === 'query');
  return html`<h3>Try it</h3>
    <div class="row">${inputs.map(
      ({ name, required }) =>
        html`<label>${name}${required ? ' *' : ''} <input size="14" value=${values[name] ?? ''} onInput=${(/** @type {Event} */ event) => setValues({ ...values, [name]: textIn(event) })} /></label>`,
    )}</div>
    ${requestBody && html`<textarea rows="4" aria-label="Body as JSON" value=${body} onInput=${(/** @type {Event} */ event) => setBody(textIn(event))}></textarea>`}
    <pre class="curl">${shownCurl()}</pre>
    <p>${
      isDestructive
        ? html`<${Action} label=${`Send ${method}`} kind="bad" confirm=${`Send this ${method}? It replaces or removes.`} disabled=${!isReady()} call=${call} onDone=${(/** @type {unknown} */ done) => setReply(JSON.stringify(done, null, 2))} />`
        : html`<button class=${method === 'GET' ? '' : 'main'} onClick=${run}>${method === 'GET' ? 'Send' : `Send ${method}`}</button>`
    }</p>
    ${reply !== '' && html`<pre class="curl" role="status">${reply}</pre>`}`;
}
