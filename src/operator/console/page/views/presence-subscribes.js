/** Who waits in a subscribe on what, and which channels a group has. */
import { vendorOrigin } from '../api.js';
import { tick, useResource } from '../live.js';
import { duration } from '../names.js';
import { Empty, Failure } from '../parts/notes.js';
import { Table } from '../parts/table.js';
import { html } from '../ui.js';

/**
 * @typedef {{ tenant: string, uuid: string, channels: readonly string[], groups: readonly string[], presenceOf: readonly string[], heldMs: number }} HeldPoll
 * @typedef {{ group: string, channels: readonly string[] }} ChannelGroup
 */

/** @param {{ tenant: string | undefined }} properties */
export function Subscribes({ tenant }) {
  const { data, error, readAt, refresh } = useResource(
    /** @type {import('../api.js').Read<{ held: number, polls: readonly HeldPoll[] }>} */ ({
      path: '/presence/polls',
      query: { tenant, limit: 1_000 },
    }),
    ({ protocol }) => protocol === 'presence',
    1_000,
  );
  // Read so that the times are made again each second.
  tick.value;
  const since = performance.now() - readAt;
  return html`<section class="panel" aria-label="Held subscribes"><div class="row end"><h2>Held subscribes</h2><button onClick=${refresh}>Refresh</button></div>
    <${Failure} error=${error} />
    ${
      (data?.held ?? 0) === 0
        ? html`<${Empty} what="No subscribe waits on this node." command=${`curl "${vendorOrigin.value}/v2/subscribe/demo/lobby/0?uuid=ann&tt=$(date +%s)0000000"`} />`
        : html`<${Table} caption="Held subscribes" head=${['uuid', 'waits for', 'since', 'subscribe key']} rows=${data?.polls ?? []}
            keyOf=${(/** @type {HeldPoll} */ poll) => `${poll.tenant} ${poll.uuid} ${poll.channels} ${poll.groups}`}
            cells=${(/** @type {HeldPoll} */ poll) => [
              html`<td class="name">${poll.uuid === '' ? html`<span class="dim">none</span>` : poll.uuid}</td>`,
              html`<td class="name">${namesOf(poll)}</td>`,
              html`<td class="num nowrap">${duration(poll.heldMs + since)}</td>`,
              html`<td class="cut">${poll.tenant.slice('presence/'.length)}</td>`,
            ]} />`
    }</section>`;
}

/** @param {HeldPoll} poll */
const namesOf = ({ channels, groups, presenceOf }) =>
  [
    channels.join(', '),
    groups.length > 0 && `groups ${groups.join(', ')}`,
    presenceOf.length > 0 && `events of ${presenceOf.join(', ')}`,
  ]
    .filter((part) => part !== '' && part !== false)
    .join('; ');

/** @param {{ tenant: string | undefined }} properties */
export function Groups({ tenant = 'presence/demo' }) {
  const { data, error, refresh } = useResource(
    /** @type {import('../api.js').Read<{ groups: readonly ChannelGroup[] }>} */ ({
      path: '/presence/groups',
      query: { tenant, limit: 1_000 },
    }),
    ({ protocol, operation }) => protocol === 'presence' && /Group/.test(String(operation ?? '')),
    1_000,
  );
  const key = tenant.slice('presence/'.length);
  const groups = data?.groups ?? [];
  return html`<section class="panel" aria-label="Channel groups"><div class="row end"><h2>Channel groups <span class="dim">of ${key}</span></h2><button onClick=${refresh}>Refresh</button></div>
    <${Failure} error=${error} />
    ${
      groups.length === 0
        ? html`<${Empty} what="This subscribe key has no channel group." command=${`curl '${vendorOrigin.value}/v1/channel-registration/sub-key/${key}/channel-group/team?add=lobby'`} />`
        : html`<${Table} caption="Channel groups" head=${['group', 'channels', '']} rows=${groups} keyOf=${(/** @type {ChannelGroup} */ one) => one.group}
            cells=${(/** @type {ChannelGroup} */ one) => [
              html`<td class="name">${one.group}</td>`,
              html`<td class="name">${one.channels.join(', ')}</td>`,
              html`<td class="num">${one.channels.length}</td>`,
            ]} />`
    }
    <p class="dim">A subscribe names a pattern such as news.* itself; it stands among the channels of the subscribe.</p></section>`;
}
