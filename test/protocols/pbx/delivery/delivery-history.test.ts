/** Whatever an application does while reports come: none is lost, and they arrive in order. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { startApp } from '../../../start-app.ts';
import { ok, type Received, startReceiver, status } from '../receiver.ts';

type Event =
  | { readonly kind: 'report'; readonly many: number }
  | { readonly kind: 'mood'; readonly mood: 'well' | 'troubled' | 'hangs up' }
  | { readonly kind: 'move' }
  | { readonly kind: 'wait'; readonly ms: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constant('report' as const), many: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    kind: fc.constant('mood' as const),
    mood: fc.constantFrom('well' as const, 'troubled' as const, 'hangs up' as const),
  }),
  fc.record({ kind: fc.constant('move' as const) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 40_000 }) }),
);

it('every report arrives, its first time in order, through failures and moves', async () => {
  const receivers = await Promise.all([startReceiver(), startReceiver(), startReceiver()]);
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 3, maxLength: 25 }), async (events) => {
        // Enough attempts for every report.
        const started = await startApp({ pbxReportAttempts: 1_000 });
        await started.store.freezeClock(true);
        const post = async (path: string, body: unknown) =>
          (await started.app.inject({ method: 'POST', url: path, payload: body as object })).json();
        const accepted: string[] = [];
        let mood = 'well';
        for (const receiver of receivers) {
          receiver.answer = ({ body }: Received) => {
            if (mood === 'troubled') return status(500);
            // No readable reply: the report arrived here, and the server does not know.
            if (mood === 'hangs up') return 'HTTP/1.1 2xx\r\n\r\n';
            accepted.push(JSON.parse(body).smsid);
            return ok;
          };
        }
        let at = 0;
        const port = () => receivers[at % receivers.length]?.port;
        const { token } = await post('/api/v1.1.0/login', { username: 'api', password: 'x', port: port() });
        const beat = (fields: object) => post(`/api/v1.1.0/heartbeat?token=${token}`, fields);
        let reported = 0;
        for (const next of events) {
          if (next.kind === 'mood') mood = next.mood;
          else if (next.kind === 'wait') await started.store.advanceClock(next.ms);
          else if (next.kind === 'move') {
            at += 1;
            await beat({ ipaddr: '127.0.0.1', port: port() });
          } else {
            const many = Array.from({ length: next.many }, (_, index) => ({
              report: 'SmsSend',
              status: 'Success',
              smsid: String(reported + index),
            }));
            reported += next.many;
            await post('/_heartbeatd/pbx/events', many);
          }
          await beat({});
        }
        mood = 'well';
        const all = Array.from({ length: reported }, (_, index) => String(index));
        await expect
          .poll(
            async () => {
              await beat({});
              await started.store.advanceClock(36_000);
              return new Set(accepted).size;
            },
            { interval: 20, timeout: 10_000 },
          )
          .toBe(reported);
        expect([...new Set(accepted)]).toEqual(all);
        // No report may be delivered twice: every 200 was read.
        expect(accepted).toEqual(all);
        await started.close();
      }),
      { numRuns: Number(process.env.PBX_HISTORIES ?? 20) },
    );
  } finally {
    await Promise.all(receivers.map((receiver) => receiver.close()));
  }
}, 120_000);
