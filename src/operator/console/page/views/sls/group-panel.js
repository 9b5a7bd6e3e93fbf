/** One consumer group: who holds which shard, what waits, how far each shard is consumed. */
import { useResource } from '../../live.js';
import { parseSelector } from '../../names.js';
import { Failure } from '../../parts/notes.js';
import { Why } from '../../parts/why.js';
import { route } from '../../route.js';
import { html } from '../../ui.js';
import { Heartbeats } from './heartbeats.js';
import { ShardMap } from './shard-map.js';
import { ShardPanel } from './shard-panel.js';
import { ShardTree } from './shard-tree.js';
import { Waiting } from './waiting.js';

/** @typedef {import('../../types/replies.js').SlsGroup} Group */
/** @typedef {import('../../types/replies.js').SlsOverwrites} Overwrites */

/** @param {import('../../live.js').LiveEvent} event */
const concerns = ({ protocol, type }) => protocol === 'sls' || type === 'clock.moved';

/** @param {{ tenant: string, project: string, name: string }} properties */
export function GroupPanel({ tenant, project, name }) {
  const [logstore = '', group = ''] = name.split('/');
  const { find = '', shard: chosen } = route.value.query;
  const { holder } = parseSelector(find);
  const leases = useResource(
    { path: '/leases', query: { tenant, group: name, holder, limit: 1_000 } },
    concerns,
  );
  const logs = useResource({ path: '/sls/shards', query: { project, logstore, group } }, concerns, 1_000);
  const data = /** @type {import('../../types/replies.js').Leases<Group> | undefined} */ (leases.data);
  const shards = /** @type {import('../../types/replies.js').LogShards | undefined} */ (logs.data)?.shards;
  const state = data?.groups.find((one) => one.group === name)?.state;
  if (data === undefined || state === undefined) return html`<${Failure} error=${leases.error} />`;
  const consumers = data.leases;
  const refresh = () => {
    leases.refresh();
    logs.refresh();
  };
  const place = { tenant, project, logstore, group, name };
  const shown = shards?.find(({ shardID }) => String(shardID) === chosen);
  return html`<section class="panel">
      <div class="row end"><h2 class="name">${project} → ${logstore} → ${group}</h2>
        <div class="row"><span class="dim">timeout ${state.timeout} s${state.order ? ', in order' : ''}, ${state.shards.length} shards, ${consumers.length} consumers</span>
          <${Why} subject=${{ tenant, group: name }} /></div></div>
      <${Failure} error=${leases.error ?? logs.error} />
      ${state.overwrites !== null && html`<${Overwritten} overwrites=${state.overwrites} />`}
      ${consumers.length === 0 && html`<p class="note">${holder === undefined ? 'No consumer is alive; every shard waits for one.' : `No consumer matches ${find}.`}</p>`}
      <${ShardMap} place=${place} shards=${state.shards} consumers=${consumers} logs=${shards ?? []} readAt=${leases.readAt} timeout=${state.timeout} onMoved=${refresh} />
      ${data.next !== null && html`<p class="dim">The first 1 000 consumers.</p>`}
    </section>
    ${shown !== undefined && html`<${ShardPanel} key=${shown.shardID} place=${place} shard=${shown} shards=${shards ?? []} onDone=${refresh} />`}
    <div class="two">
      <${Waiting} place=${place} shards=${state.shards} readAt=${leases.readAt} consumers=${consumers} />
      <${Heartbeats} place=${place} consumers=${consumers.map((consumer) => consumer.holder)} />
    </div>
    ${shards?.some(({ parents }) => parents.length > 0) && html`<${ShardTree} shards=${shards} states=${state.shards} />`}`;
}

/** @param {{ overwrites: Overwrites }} properties */
function Overwritten({ overwrites: { count, last } }) {
  const said = (/** @type {Overwrites['last']['from']} */ { timeout, order }) =>
    `timeout ${timeout} s${order ? ', in order' : ''}`;
  return html`<p class="note">Clients overwrite each other's settings of this group (${count} times). The last change was by
    ${' '}${last.by === '' ? 'an unnamed client' : last.by} at ${new Date(last.at * 1_000).toISOString()}: from ${said(last.from)} to ${said(last.to)}.</p>`;
}
