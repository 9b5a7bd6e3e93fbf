/** Typed documents. */
import { Type } from '@sinclair/typebox';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { documentKinds } from '../../../src/protocols/kit/documents.ts';
import { createStore } from '../../../src/store/create-store.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';
import type { Store } from '../../../src/store/store.ts';

const tenant = 'test/t';
const kinds = documentKinds(Type.Object({ size: Type.Integer() }));
let store: Store;
beforeEach(() => {
  store = createStore(openEmbeddedDriver());
});
afterEach(() => store.close());

it('kinds of one schema differ by their collection', async () => {
  const red = kinds('red');
  await store.commit({ tenant, writes: [red.write('a', { size: 1 }), red.write('b', { size: 2 })] });
  expect(await red.read(store, tenant, 'a')).toEqual({ value: { size: 1 }, version: expect.any(Number) });
  expect((await red.list(store, tenant)).map(({ key }) => key)).toEqual(['a', 'b']);
  expect(await kinds('blue').read(store, tenant, 'a')).toBeUndefined();
});

it('a document that does not match the schema is as if it were not there', async () => {
  const red = kinds('red');
  await store.commit({ tenant, writes: [{ collection: 'red', key: 'a', value: '{"size":"big"}' }] });
  expect(await red.read(store, tenant, 'a')).toBeUndefined();
  expect(await red.list(store, tenant)).toEqual([]);
});
