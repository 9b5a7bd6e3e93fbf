/** What the tests of subscribe share: an app with a frozen clock, and what a subscriber sends and reads. */
import { afterEach, beforeEach, expect } from 'vitest';
import { type StartedApp, type StartOptions, startApp } from '../../../start-app.ts';

export const key = 'sub-c-demo';
export const root = `/v2/presence/sub-key/${key}`;

export interface Envelope {
  readonly c: string;
  readonly b?: string;
  readonly d: unknown;
  readonly p: { readonly t: string; readonly r: number };
  readonly u?: Record<string, unknown>;
}
export interface PollReply {
  readonly t: { readonly t: string; readonly r: number };
  readonly m: readonly Envelope[];
}

/** Returns each delivery as a line: channel, name that it came through, payload. */
export const summarize = ({ m }: PollReply): string[] =>
  m.map(({ c, b, d }) => {
    const { action, uuid, occupancy } = d as { action?: string; uuid?: string; occupancy?: number };
    const payload = action === undefined ? JSON.stringify(d) : `${action} ${uuid} ${occupancy}`;
    return [c, ...(b === undefined || b === c ? [] : [`via ${b}`]), payload].join(' ');
  });

/** Registers the hooks that start an app for each test of the file, and returns what subscribers and publishers send to it. */
export function subscribeFixture() {
  let started: StartedApp;
  const start = async (changes: Parameters<typeof startApp>[0], options?: StartOptions): Promise<void> => {
    started = await startApp(changes, options);
    await started.store.freezeClock();
  };
  beforeEach(() => start({}));
  afterEach(() => started.close());

  const inject = (url: string) => started.app.inject({ method: 'GET', url });
  const get = async (url: string): Promise<unknown> => JSON.parse((await inject(url)).body);
  const subscribe = async (channels: string, query = ''): Promise<PollReply> =>
    (await get(`/v2/subscribe/${key}/${channels}/0?${query}`)) as PollReply;
  return {
    get started() {
      return started;
    },
    /** Starts another app with these settings instead. */
    async restart(changes: Parameters<typeof startApp>[0], options?: StartOptions): Promise<void> {
      await started.close();
      await start(changes, options);
    },
    inject,
    get,
    subscribe,
    /** Subscribes without a timetoken, and returns the one to begin with. */
    handshake: async (channels: string, query = ''): Promise<string> =>
      (await subscribe(channels, query)).t.t,
    /** Publishes a JSON value, and returns its timetoken. */
    async publish(channel: string, message: unknown, query = ''): Promise<string> {
      const json = encodeURIComponent(JSON.stringify(message));
      const answer = (await get(`/publish/pub-c-demo/${key}/0/${channel}/0/${json}?${query}`)) as unknown[];
      expect(answer.slice(0, 2)).toEqual([1, 'Sent']);
      return String(answer[2]);
    },
    heartbeat: (channels: string, query: string) => inject(`${root}/channel/${channels}/heartbeat?${query}`),
    /** Polls from a timetoken on until a number of deliveries arrived. */
    async receive(channels: string, from: string, count: number, query = ''): Promise<string[]> {
      const all: string[] = [];
      for (let tt = from; all.length < count; ) {
        const answer = await subscribe(channels, `tt=${tt}&tr=1&${query}`);
        all.push(...summarize(answer));
        tt = answer.t.t;
      }
      return all;
    },
  };
}
