/** CreateConsumerGroup, ListConsumerGroup, UpdateConsumerGroup and DeleteConsumerGroup over HTTP. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { group, groups, refused, type Service, setUp, startService } from '../service.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service);
});
afterEach(() => service.close());
const call: Service['call'] = (...request) => service.call(...request);

describe('consumer groups', () => {
  it('are created, listed, changed and deleted', async () => {
    expect(await call('POST', groups, { consumerGroup: 'other', timeout: 30, order: true })).toMatchObject({
      status: 200,
      text: '',
    });
    expect((await call('GET', groups)).json).toEqual([
      { name: 'cg', order: false, timeout: 60 },
      { name: 'other', order: true, timeout: 30 },
    ]);
    const changed = await call('PUT', `${groups}/other`, { order: false, timeout: 20 });
    expect(changed).toMatchObject({ status: 200, text: '' });
    expect(changed.headers['content-type']).toBeUndefined();
    expect(changed.headers['content-length']).toBe('0');
    expect((await call('GET', groups)).json[1]).toEqual({ name: 'other', order: false, timeout: 20 });
    expect((await call('DELETE', `${groups}/other`)).status).toBe(200);
    expect((await call('DELETE', `${groups}/other`)).status).toBe(200);
    expect((await call('GET', groups)).json).toHaveLength(1);
  });

  it.each([
    [
      'the name of an existing one',
      { consumerGroup: 'cg', timeout: 60 },
      refused(400, 'ConsumerGroupAlreadyExist', 'consumer group already exist'),
    ],
    [
      'no timeout',
      { consumerGroup: 'x' },
      refused(400, 'JsonInfoInvalid', 'consumerGroup or timeout is of error format'),
    ],
    [
      'a timeout of 0',
      { consumerGroup: 'x', timeout: 0 },
      refused(400, 'JsonInfoInvalid', 'consumerGroup or timeout is of error format'),
    ],
    [
      'a name with other characters',
      { consumerGroup: 'a b', timeout: 1 },
      refused(400, 'JsonInfoInvalid', 'consumerGroup or timeout is of error format'),
    ],
  ])('are not created with %s', async (_what, body, error) => {
    expect(await call('POST', groups, body)).toMatchObject(error);
  });

  it('are not changed to invalid values', async () => {
    const error = refused(400, 'JsonInfoInvalid', 'timeout is of error value type');
    for (const body of [{}, { timeout: 'x' }, { timeout: 0 }, { order: 1 }])
      expect(await call('PUT', group, body)).toMatchObject(error);
    expect(await call('PUT', `${groups}/none`, { timeout: 5 })).toMatchObject(
      refused(404, 'ConsumerGroupNotExist', 'consumer group not exist'),
    );
  });

  it('are limited to 30 per logstore', async () => {
    for (let at = 1; at < 30; at += 1)
      expect((await call('POST', groups, { consumerGroup: `g${at}`, timeout: 5 })).status).toBe(200);
    expect(await call('POST', groups, { consumerGroup: 'g30', timeout: 5 })).toMatchObject({
      status: 403,
      json: { errorCode: 'ExceedQuota' },
    });
  });

  it('are created once by clients that race, and the other clients receive ConsumerGroupAlreadyExist', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => call('POST', groups, { consumerGroup: 'race', timeout: 5 })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ json }) => json?.errorCode === 'ConsumerGroupAlreadyExist')).toHaveLength(7);
  });

  it('without a name in the path are refused with InvalidMethod', async () => {
    expect(await call('DELETE', `${groups}/`)).toMatchObject(
      refused(405, 'InvalidMethod', `invalid request method : ${groups}/`),
    );
  });
});
