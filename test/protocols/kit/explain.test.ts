/** The sentences of explanations, from states made by hand. */
import { describe, expect, it } from 'vitest';
import { explainDelivery, explainToken } from '../../../src/protocols/pbx/operator/explain.ts';
import { explainPresence } from '../../../src/protocols/presence/membership/why.ts';
import {
  explainFormer,
  explainGroup,
  explainMember,
  explainShard,
  type GroupSituation,
  type Member,
  type ShardSituation,
} from '../../../src/protocols/sls/consumer-groups/why/sentences.ts';

const shard = (id: number, changes: Partial<ShardSituation> = {}): ShardSituation => ({
  ...{ id, state: 'already_alloc', owner: 'c1', next: null, since: 1, unfinished: [] },
  ...changes,
});
const c1: Member = { holder: 'c1', ttlMs: 60_000, remainingMs: 28_000 };
const c2: Member = { holder: 'c2', ttlMs: 60_000, remainingMs: 59_000 };
const situation = (changes: Partial<GroupSituation> = {}): GroupSituation => ({
  ...{ group: 'logs/cg', timeoutSeconds: 60, order: true, members: [c1, c2] },
  ...{ shards: [shard(0), shard(1)], ...changes },
});

describe('a shard', () => {
  it.each([
    [shard(1), 'Shard 1 is owned by c1.'],
    [
      shard(1, { since: null }),
      'Shard 1 is assigned to c1, which receives it in the reply to its next heartbeat.',
    ],
    [
      shard(1, { state: 'not_alloc', owner: null }),
      'Shard 1 has no owner: it is assigned to the first consumer that sends a heartbeat.',
    ],
    [
      shard(1, { state: 'transfer', next: 'c2' }),
      'Shard 1 is in transfer from c1 to c2: it has left the replies to c1, whose last heartbeat was 32 s ago; c2 receives it after a heartbeat of c1 that no longer reports it, or in 28 s when the lease of c1 ends.',
    ],
    [
      shard(4, { state: 'wait', owner: null, unfinished: [0, 1] }),
      'Shard 4 waits for its parent: the group keeps order, and shards 0 and 1 are not consumed to the end; a checkpoint at the end of each releases shard 4.',
    ],
    [
      shard(4, { state: 'wait', owner: null }),
      'Shard 4 waited for the shards that it came from, which are consumed; the next heartbeat of the group assigns it.',
    ],
    [
      shard(0, { state: 'over', owner: null }),
      'Shard 0 is over: it is read-only and consumed to its end, so no consumer receives it.',
    ],
    [
      shard(0, { state: 'over' }),
      'Shard 0 is over: it is read-only and consumed to its end; c1 releases it with a heartbeat that no longer reports it, or in 28 s when the lease of c1 ends.',
    ],
  ])('is explained by its state (%#)', (one, sentence) => {
    expect(explainShard(situation(), one)).toBe(sentence);
  });

  it('in transfer tells whether the last heartbeat of the owner still reported it', () => {
    const moving = shard(1, { state: 'transfer', next: 'c2' });
    const text = (reported: readonly number[]) =>
      explainShard(situation({ members: [{ ...c1, reported }, c2] }), moving);
    expect(text([0, 1])).toContain('which last reported it 32 s ago;');
    expect(text([0])).toContain('whose heartbeat 32 s ago did not report it;');
  });
});

describe('a consumer', () => {
  it('owns what its replies contain, and nothing that is on the way', () => {
    expect(explainMember(situation(), c1)[1]).toBe('c1 owns shards 0 and 1.');
    const shards = [shard(0), shard(1, { state: 'transfer', next: 'c2' })];
    expect(explainMember(situation({ shards }), c1)[1]).toBe('c1 owns shard 0.');
    expect(explainMember(situation({ shards }), c2)[1]).toBe('c2 owns nothing yet.');
  });

  it('without shards reads why there are none for it', () => {
    expect(explainMember(situation({ shards: [] }), c2).at(-1)).toBe('The logstore has no shard.');
    expect(explainMember(situation({ shards: [shard(0, { state: 'over', owner: null })] }), c2).at(-1)).toBe(
      'No shard can be consumed at present.',
    );
    expect(explainMember(situation({ shards: [shard(0)] }), c2).at(-1)).toContain(
      'There are 2 consumers for 1 shard, and a shard has one owner',
    );
  });

  it('that ended before the journal began reads what its next heartbeat would get', () => {
    const text = explainFormer(situation(), { holder: 'c3', ended: { type: 'released', agoMs: 1_000 } }).join(
      ' ',
    );
    expect(text).toContain('its lease was released 1 s ago, by an operator');
    expect(text).toContain(
      'A heartbeat of it that reports shards would be refused with NotExistConsumerWithBody',
    );
  });
});

it('a group describes at most twenty waiting shards, and names the others', () => {
  const shards = Array.from({ length: 23 }, (_, id) =>
    shard(id, { state: 'wait', owner: null, unfinished: [99] }),
  );
  const sentences = explainGroup(situation({ shards }));
  expect(sentences.filter((one) => one.includes('waits for its parent'))).toHaveLength(20);
  expect(sentences.at(-1)).toBe('So do shards 20, 21 and 22.');
});

it('a uuid that was never seen to join is explained by its lease alone', () => {
  const lease = { ttlMs: 300_000, remainingMs: 288_000 };
  expect(explainPresence({ channel: 'lobby', uuid: 'bob', lease })).toEqual([
    'bob is present on lobby: its last heartbeat or subscribe was 12 s ago, and it times out in 4 min 48 s unless another arrives.',
  ]);
  expect(explainPresence({ channel: 'lobby', uuid: 'bob', lease: null })).toEqual([
    'bob is not present on lobby: no lease of it is known.',
  ]);
});

describe('a token', () => {
  const token = { token: 'abcdefgh12345', user: 'crm', lease: null, isExtended: true, errno: '20004' };
  const ended = { type: 'released', agoMs: 5_000 } as const;

  it.each([
    ['loggedOut', 'by a logout.'],
    ['replaced', '(PBX_MAX_TOKENS).'],
    ['refreshed', 'replaced it by a new token.'],
  ] as const)('that ended is told the reason: %s', (reason, words) => {
    const [first, then] = explainToken({ ...token, ended, reason });
    expect(first).toMatch(/^Token abcdefgh… of crm was ended 5 s ago /);
    expect(first).toContain(words);
    expect(then).toContain('Requests with it get errno 20004');
  });

  it('of a Cloud PBX is extended by a refresh only', () => {
    const lease = { ttlMs: 1_800_000, remainingMs: 60_000 };
    expect(explainToken({ ...token, lease, isExtended: false })[0]).toContain(
      'ends in 1 min, because on a Cloud PBX only a refresh extends it',
    );
    const expired = { type: 'expired', agoMs: 0 } as const;
    expect(explainToken({ ...token, ended: expired, isExtended: false })[0]).toContain(
      'it was not refreshed in time',
    );
  });
});

describe('reports', () => {
  const view = {
    ...{ user: 'crm', tokens: ['t'], url: 'http://10.0.0.1/', version: '', allowed: true, attempts: 0 },
    requested: { ipaddr: '10.0.0.1', port: 80, url: '', urltag: '' },
    ...{ waiting: 0, retrying: 0, state: 'no report waits' },
  };

  it('that do not arrive name the outcome, the retry and what would mend it', () => {
    const failing = {
      ...{
        ...view,
        waiting: 2,
        retrying: 1,
        state: '2 reports wait; last attempt: unreachable: ECONNREFUSED',
      },
      ...{ fix: 'start the application', last: { outcome: 'unreachable', atMs: 0 } },
    };
    expect(explainDelivery(failing, 3)).toEqual([
      'Reports of crm go to http://10.0.0.1/: 2 reports wait; last attempt: unreachable: ECONNREFUSED.',
      '1 report was not accepted and is sent again.',
      'To mend it: start the application.',
      '3 reports were given up and are kept as dead letters, which can be replayed.',
    ]);
  });

  it('that a rule refuses name the rule, and those that nothing caused say so', () => {
    const rule = 'link-local';
    const refused = { ...view, allowed: false, rule, state: `no reports are sent: ${rule}` };
    expect(explainDelivery(refused, 0)).toEqual([
      'Reports of crm go to http://10.0.0.1/: no reports are sent: link-local.',
    ]);
    expect(explainDelivery(view, 0).at(-1)).toContain('a report is sent when something happens');
  });
});
