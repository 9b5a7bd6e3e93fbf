/** Why shards wait: the steps of each hand-over, and the explanation of the server in its words. */
import { tick, useResource } from '../../live.js';
import { Countdown, Failure } from '../../parts/notes.js';
import { clockFrozen } from '../../parts/shell.js';
import { html, useEffect } from '../../ui.js';

/** @typedef {import('../../types/replies.js').SlsShard} Shard */
/** @typedef {import('../../types/replies.js').Lease} Lease */
/** @typedef {import('../../types/replies.js').GroupFacts['members'][number]} Member */

/** The explanation tells ages, which grow. */
const refreshSeconds = 5;
const maxHandovers = 10;

/** @param {{ place: import('./shard-map.js').Place, shards: readonly Shard[], consumers: readonly Lease[], readAt: number }} properties */
export function Waiting({ place: { tenant, name }, shards, consumers, readAt }) {
  const why = useResource(
    { path: '/why', query: { tenant, group: name } },
    ({ protocol, type }) => protocol === 'sls' || type === 'clock.moved',
  );
  const data =
    /** @type {import('../../types/replies.js').Explanation<import('../../types/replies.js').GroupFacts> | undefined} */ (
      why.data
    );
  const turn = Math.floor(tick.value / refreshSeconds);
  useEffect(() => {
    why.refresh();
  }, [turn]);
  const moving = shards.filter(({ state }) => state === 'transfer');
  const isWaiting = shards.some(
    ({ state, next }) => next !== null || state === 'wait' || state === 'not_alloc',
  );
  const members = new Map(data?.facts.members.map((member) => [member.holder, member]));
  return html`<section class="panel"><h2>${isWaiting ? 'Why it waits' : 'What goes on'}</h2>
    <${Failure} error=${why.error} />
    ${moving.slice(0, maxHandovers).map((shard) => html`<${Handover} key=${shard.id} shard=${shard} member=${members.get(shard.owner ?? '')} owner=${consumers.find(({ holder }) => holder === shard.owner)} readAt=${readAt} />`)}
    <ul class="plain tall" tabindex="0" aria-label="Explanation" aria-live="polite">${data?.sentences.map((sentence) => html`<li key=${sentence}>${sentence}</li>`)}</ul></section>`;
}

/**
 * Where a hand-over is. While the shard is in transfer, its owner has sent no heartbeat without it since: the second step is the one to come.
 * @param {{ shard: Shard, member: Member | undefined, owner: Lease | undefined, readAt: number }} properties
 */
function Handover({ shard, member, owner, readAt }) {
  const isReported = member?.reported?.includes(shard.id) === true;
  return html`<div class="handover"><b>${shard.id}</b>
    <span class="step done">${shard.owner}: left out of its replies</span><span aria-hidden="true">→</span>
    <span class="step now">${shard.owner}: ${isReported ? 'still reports it' : 'next heartbeat'}</span><span aria-hidden="true">→</span>
    <span class="step">${shard.next}: receives it${owner === undefined ? '' : html` in at most <${Countdown} ms=${owner.remainingMs} readAt=${readAt} frozen=${clockFrozen.value} />`}</span></div>`;
}
