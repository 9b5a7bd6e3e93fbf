/** The effective settings, and where each came from. */
import { useResource } from '../live.js';
import { Failure } from '../parts/notes.js';
import { Table } from '../parts/table.js';
import { href, route } from '../route.js';
import { html } from '../ui.js';

/** @typedef {import('../types/replies.js').Setting} Setting */

export function Settings() {
  const resource = useResource({ path: '/settings' }, () => false);
  const all =
    /** @type {import('../types/replies.js').Settings | undefined} */ (resource.data)?.settings ?? [];
  const find = (route.value.query.find ?? '').toLowerCase();
  const isChanged = route.value.query.show === 'changed';
  const settings = all.filter(
    ({ name, help, source }) =>
      (find === '' || `${name} ${help}`.toLowerCase().includes(find)) && (!isChanged || source !== 'default'),
  );
  const sections = [...new Set(settings.map((one) => one.section))];
  const changed = all.filter(({ source }) => source !== 'default').length;
  return html`<${Failure} error=${resource.error} />
    <section class="panel row">
      ${isChanged ? html`<a href=${href('settings', { find })}>All ${all.length} settings</a>` : html`<a href=${href('settings', { find, show: 'changed' })}>Only the ${changed} that are not the default</a>`}
      <span class="grow"></span>
      <a href=${href('reference')}>API reference</a> <a href="/metrics">Metrics for Prometheus</a> <a href="/_heartbeatd/openapi.json">OpenAPI document</a></section>
    ${resource.data !== undefined && settings.length === 0 && html`<section class="panel"><p class="dim">No setting matches ${find}.</p></section>`}
    ${sections.map(
      (section) => html`<section class="panel" key=${section}><h2>${section}</h2>
        <${Table} caption="Settings: ${section}" kind="settings" head=${['variable', 'value', 'from', 'meaning']} rows=${settings.filter((one) => one.section === section)}
          keyOf=${(/** @type {Setting} */ one) => one.name}
          cells=${(/** @type {Setting} */ one) => [
            html`<td class="mono nowrap" title=${one.flag}>${one.name}</td>`,
            html`<td class="mono name">${one.value === '' ? html`<span class="dim">empty</span>` : one.value}</td>`,
            html`<td>${one.source === 'default' ? html`<span class="dim">default</span>` : html`<span class="badge good">${one.source}</span>`}</td>`,
            html`<td class="name">${one.help}</td>`,
          ]} /></section>`,
    )}`;
}
