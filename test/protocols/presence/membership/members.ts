/** What the tests of membership share: an app whose clock is frozen and whose events are recorded, and short forms of calls. */
import { afterEach, beforeEach } from 'vitest';
import { type LeaseEvent, leaseEventsBelowTopic } from '../../../../src/store/store.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';

export const root = '/v2/presence/sub-key/sub-c-demo';
export const tenant = 'presence/sub-c-demo';

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Returns a JSON object with a number of levels, itself included. */
export const nested = (levels: number) => `{"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
/** The reply to a request that is refused with this message. */
export const refused = (message: string) => ({ status: 400, error: 1, message, service: 'Presence' });

/** Registers the hooks that start an app for each test of the file, and returns what clients send to it. */
export function membershipFixture() {
  let started: StartedApp;
  beforeEach(async () => {
    started = await startApp({}, { wallMs: () => 1_795_232_012_345 });
    await started.store.freezeClock();
    await started.store.watchEvents({ tenant, groups: [], prefixes: [''], forMs: 3_600_000 });
  });
  afterEach(() => started.close());

  const get = async (url: string) => {
    const answer = await started.app.inject({ method: 'GET', url });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: answer.body,
      json: parse(answer.body),
    };
  };
  return {
    get started() {
      return started;
    },
    get,
    beat: (channels: string, query: string) => get(`${root}/channel/${channels}/heartbeat?${query}`),
    /** Returns the channels that the uuid is present on. */
    async whereIs(uuid: string): Promise<string[]> {
      const { json } = await get(`${root}/uuid/${encodeURIComponent(uuid)}`);
      return (json as { payload: { channels: string[] } }).payload.channels;
    },
    /** Returns the recorded events of a channel as `type holder count data`. */
    async eventsOf(channel: string): Promise<string[]> {
      const topics = [{ topic: leaseEventsBelowTopic(''), after: 0n }];
      const entries = await started.store.readTopics({ tenant, topics, limit: 100 });
      return entries.flatMap(({ payload }) => {
        const { type, group, holder, count, data } = JSON.parse(
          Buffer.from(payload).toString(),
        ) as LeaseEvent;
        return group === channel ? `${type} ${holder} ${count} ${data}` : [];
      });
    },
  };
}
