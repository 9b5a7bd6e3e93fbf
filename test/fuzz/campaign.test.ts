/** The fuzzer itself: its requests follow from the seed, and a short campaign finds nothing wrong with the server. */
import { expect, it } from 'vitest';
import { makeRandom } from '../random.ts';
import { runCampaign } from './campaign.ts';
import { makeGenerator } from './generate.ts';
import { bytesOf } from './request.ts';

it('the same seed makes the same requests', () => {
  const generate = makeGenerator({
    operations: [
      {
        id: 'Call',
        protocol: 'sls',
        method: 'POST',
        path: '/logstores/{logstore}',
        selector: { name: 'type', value: 'heartbeat' },
        parameters: [{ name: 'size', in: 'query', schema: { type: 'integer', minimum: 0, maximum: 500 } }],
        body: { type: 'object', properties: { ttl: { type: 'integer' } }, required: ['ttl'] },
        replies: new Map(),
      },
    ],
    tokens: () => [],
  });
  const requests = (seed: string): string[] =>
    Array.from({ length: 50 }, (_, at) => bytesOf(generate(makeRandom(`${seed}/${at}`))).toString('latin1'));
  expect(requests('1')).toEqual(requests('1'));
  expect(requests('1')).not.toEqual(requests('2'));
  expect(new Set(requests('1')).size).toBeGreaterThan(10);
});

it('a server answers 600 requests of all its operations in their shapes', { timeout: 120_000 }, async () => {
  const { failures, requests, statuses } = await runCampaign({
    seed: '1',
    requests: 600,
    settings: [],
    includes: ({ id }) => !id.startsWith('Subscribe') && !/faults/i.test(id),
    rawShare: 0.05,
    boundMs: 20_000,
    stopped: new AbortController().signal,
  });
  expect(failures).toEqual([]);
  expect(requests).toBe(600);
  expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 404]));
});
