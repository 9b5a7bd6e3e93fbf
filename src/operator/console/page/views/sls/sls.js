/** Consumer groups: the list of them, and the one that is chosen. */
import { vendorOrigin } from '../../api.js';
import { useResource } from '../../live.js';
import { parseSelector } from '../../names.js';
import { Empty, Failure } from '../../parts/notes.js';
import { Table } from '../../parts/table.js';
import { route, setQuery } from '../../route.js';
import { html } from '../../ui.js';
import { GroupPanel } from './group-panel.js';

/** @typedef {import('../../types/replies.js').SlsGroup} Group */
/** @typedef {import('../../types/replies.js').Leases<Group>} Page */

/** @param {import('../../live.js').LiveEvent} event */
const concerns = ({ protocol, type }) => protocol === 'sls' || type === 'clock.moved';

/** @param {string} tenant */
const projectOf = (tenant) => tenant.slice(tenant.indexOf('/') + 1);

export function Sls() {
  const { tenant, find = '', project, group: chosenGroup } = route.value.query;
  const { group: wanted, tenant: found } = parseSelector(find);
  const own = tenant?.startsWith('sls/') ? tenant : found;
  const query = { protocol: 'sls', tenant: own, group: wanted, limit: 1_000 };
  const resource = useResource({ path: '/leases', query }, concerns);
  const { error } = resource;
  const data = /** @type {Page | undefined} */ (resource.data);
  if (data === undefined) return html`<${Failure} error=${error} />`;
  const { groups } = data;
  if (groups.length === 0 && (wanted ?? own) !== undefined)
    return html`<section class="panel"><h2>No consumer group</h2><p class="dim">None matches ${wanted ?? own}.</p></section>`;
  if (groups.length === 0) return html`<${Failure} error=${error} /><${NoGroup} />`;
  const chosen =
    groups.find((one) => one.group === chosenGroup && projectOf(one.tenant) === project) ?? groups[0];
  return html`<${Failure} error=${error} />
    ${groups.length > 1 && html`<${GroupList} page=${data} groups=${groups} chosen=${chosen} />`}
    <${GroupPanel} key=${`${chosen.tenant} ${chosen.group}`} tenant=${chosen.tenant} project=${projectOf(chosen.tenant)} name=${chosen.group} />`;
}

const NoGroup = () => html`<section class="panel"><h2>No consumer group</h2>
  <${Empty} what="A consumer library makes its group when it starts; point its HTTP proxy here."
    command=${`curl -x ${vendorOrigin.value} -d '{"projectName":"demo"}' http://demo.cn-hangzhou.log.aliyuncs.com/`} /></section>`;

/** @param {{ page: Page, groups: readonly Group[], chosen: Group }} properties */
function GroupList({ page, groups, chosen }) {
  /** @type {Map<string, number>} */
  const consumers = new Map();
  for (const { tenant, group } of page.leases)
    consumers.set(`${tenant} ${group}`, (consumers.get(`${tenant} ${group}`) ?? 0) + 1);
  const keyOf = (/** @type {Group} */ { tenant, group }) => `${tenant} ${group}`;
  return html`<section class="panel"><div class="row end"><h2>Consumer groups</h2><span class="dim">${groups.length}</span></div>
    <${Table} caption="Consumer groups" isShort=${true} head=${['project', 'logstore', 'group', 'shards', 'consumers', 'waiting']} rows=${groups} keyOf=${keyOf}
      rowClass=${(/** @type {Group} */ group) => (keyOf(group) === keyOf(chosen) ? 'chosen' : '')}
      onPick=${(/** @type {Group} */ { tenant, group }) => setQuery({ project: projectOf(tenant), group, shard: undefined, consumer: undefined })}
      cells=${(/** @type {Group} */ group) => groupCells(group, consumers.get(keyOf(group)) ?? 0)} />
    ${page.next !== null && html`<p class="dim">Consumers are counted among the first 1 000 leases.</p>`}</section>`;
}

/** @param {Group} group @param {number} consumers */
function groupCells({ tenant, group, state }, consumers) {
  const [logstore = '', name = ''] = group.split('/');
  const waiting = state.shards.filter((shard) => shard.next !== null || shard.state === 'wait').length;
  return [
    html`<td class="cut" title=${projectOf(tenant)}>${projectOf(tenant)}</td>`,
    html`<td class="cut" title=${logstore}>${logstore}</td>`,
    html`<td class="cut" title=${name}>${name}</td>`,
    html`<td>${state.shards.length}</td>`,
    html`<td>${consumers}</td>`,
    html`<td>${waiting === 0 ? html`<span class="dim">0</span>` : html`<span class="badge warn">${waiting}</span>`}</td>`,
  ];
}
