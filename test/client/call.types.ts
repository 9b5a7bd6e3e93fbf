/** Does not compile if `hb.call` takes or returns something else than the operator API. Nothing here runs. */
import { expectTypeOf } from 'vitest';
import type { Heartbeatd, OperationReply } from '../../src/client/index.ts';

export async function checked(hb: Heartbeatd): Promise<void> {
  const moved = await hb.call('moveClock', { advance: '30m', beating: [{ holder: 'c2' }] });
  expectTypeOf(moved.fired[0]?.holder).toEqualTypeOf<string | undefined>();
  expectTypeOf(moved.settled).toEqualTypeOf<boolean>();
  await hb.call('moveClock', {}, { advance: 1_000 });
  // @ts-expect-error: no member of the body has this name.
  await hb.call('moveClock', {}, { advanse: '30m' });
  // @ts-expect-error: the body is missing.
  await hb.call('addFault');
  // @ts-expect-error: a delay is a duration.
  await hb.call('addFault', { do: { delay: true } });
  const { id } = await hb.call('addFault', { match: { operation: 'Publish' }, do: { drop: 'after' } });
  expectTypeOf(id).toEqualTypeOf<string>();

  await hb.call('splitShard', { project: 'shop', logstore: 'store', shard: 0 });
  // @ts-expect-error: a shard is a number.
  await hb.call('splitShard', { project: 'shop', logstore: 'store', shard: '0' });

  const { leases, next } = await hb.call('listLeases', {
    tenant: 'sls/shop',
    limit: 10,
    body: { mood: 'fine' },
  });
  expectTypeOf(leases[0]?.remainingMs).toEqualTypeOf<number | undefined>();
  expectTypeOf(next).toEqualTypeOf<string | null>();
  // @ts-expect-error: an order has two names.
  await hb.call('listLeases', { order: 'oldest' });
  // @ts-expect-error: it has no such parameter.
  await hb.call('listLeases', { tenent: 'sls/shop' });
  // @ts-expect-error: a tenant is needed.
  await hb.call('why', { holder: 'c1' });
  // @ts-expect-error: no operation has this name.
  await hb.call('seedState', {});
  // @ts-expect-error: it takes no body.
  await hb.call('readFault', { id: 'a' }, {});

  expectTypeOf(await hb.call('readFault', { id: 'a' })).toEqualTypeOf<OperationReply<'readFault'>>();
  await hb.call('reset');
  await hb.call('reset', { tenant: 'sls/shop', to: 'empty' });
  await hb.call('replaceState', { tenant: 'sls/shop' }, await hb.call('readState'));
}
