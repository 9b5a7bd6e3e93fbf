/** The effective settings, and where each came from. */
import { useResource } from '../live.js';
import { Failure } from '../parts/notes.js';
import { Table } from '../parts/table.js';
import { href, route } from '../route.js';
import { html } from '../ui.js';

export function Settings() {
  const { data, error } = useResource({ path: '/settings' }, () => false);
  const find = (route.value.query.find ?? '').toLowerCase();
  const settings = (data?.settings ?? []).filter(
    (/** @type {any} */ one) => find === '' || `${one.name} ${one.help}`.toLowerCase().includes(find),
  );
  const sections = [...new Set(settings.map((/** @type {any} */ one) => one.section))];
  return html`<${Failure} error=${error} />
    <section class="panel row"><a href=${href('reference')}>API reference</a> <a href="/metrics">Metrics for Prometheus</a> <a href="/_heartbeatd/openapi.json">OpenAPI document</a></section>
    ${sections.map(
      (section) => html`<section class="panel"><h2>${section}</h2>
        <${Table} caption="Settings: ${section}" head=${['variable', 'value', 'from', 'meaning']} rows=${settings.filter((/** @type {any} */ one) => one.section === section)}
          keyOf=${(/** @type {any} */ one) => one.name}
          cells=${(/** @type {any} */ one) => [
            html`<td class="mono nowrap" title=${one.flag}>${one.name}</td>`,
            html`<td class="mono name">${one.value === '' ? html`<span class="dim">empty</span>` : one.value}</td>`,
            html`<td>${one.source === 'default' ? html`<span class="dim">default</span>` : html`<span class="badge good">${one.source}</span>`}</td>`,
            html`<td class="name">${one.help}</td>`,
          ]} /></section>`,
    )}`;
}
