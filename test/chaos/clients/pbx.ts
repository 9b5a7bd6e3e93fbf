/** PBX clients: applications that log in, send heartbeats and receive reports, and an operator whose reports they are. */
import { ok, type Receiver, startReceiver, status as statusReply } from '../../protocols/pbx/receiver.ts';
import type { Random } from '../../random.ts';
import { reportTopic } from '../check/reports.ts';
import { type Bench, isUnavailable, parse, ttlMs } from './bench.ts';

const api = '/api/v2.0.0';
const beatMs = 2_500;

/** `errno` of a server that cannot serve now, and of a token that is not live. */
const serverError = '20010';
const invalidToken = '20004';

interface PbxReply {
  readonly status?: string;
  readonly errno?: string;
  readonly token?: string;
}

/** Runs an application until the run stops. `isSteady`: it never logs out or falls silent, and accepts every report. */
export async function runApplication(
  bench: Bench,
  { application, isSteady }: { readonly application: string; readonly isSteady: boolean },
): Promise<{ readonly ended: Promise<void> }> {
  const random = bench.random.fork(application);
  const receiver = await startReceiver();
  let token: string | undefined;
  // A report that was accepted counts as a use of the token.
  const onAccepted = (): void => {
    if (token === undefined) return;
    const atMs = bench.now();
    const renewal = { kind: 'renewal', lease: `pbx ${token}`, ttlMs: ttlMs.pbx, canGrant: false } as const;
    bench.record({ ...renewal, isAcknowledged: false, sentMs: atMs, doneMs: atMs });
  };
  acceptReports(bench, receiver, { application, random, isSteady, onAccepted });

  const call = async (path: string, body: object) => {
    const reply = await bench.send({ method: 'POST', path: `${api}/${path}`, body });
    const answer = parse<PbxReply>(reply.text) ?? {};
    const isAway = isUnavailable(reply) || answer.errno === serverError;
    return { ...reply, ...answer, isAway, isAcknowledged: answer.status === 'Success' };
  };
  const login = async (): Promise<void> => {
    const wanted = { username: application, password: 'p', port: String(receiver.port), url: application };
    const { isAcknowledged, sentMs, doneMs, isAway, text, ...reply } = await call('login', {
      ...wanted,
      version: '2.0.0',
    });
    if (isAcknowledged && reply.token !== undefined) {
      token = reply.token;
      const lease = `pbx ${token}`;
      bench.record({
        kind: 'renewal',
        lease,
        ttlMs: ttlMs.pbx,
        canGrant: true,
        isAcknowledged,
        sentMs,
        doneMs,
      });
      bench.record({ kind: 'report subscription', application, lease, atMs: doneMs });
    } else if (!isAway) bench.wonder(`login of ${application}: ${text}`);
  };
  const beat = async (of: string): Promise<void> => {
    const lease = `pbx ${of}`;
    const { isAcknowledged, sentMs, doneMs, isAway, errno, text } = await call(`heartbeat?token=${of}`, {});
    if (errno === invalidToken) {
      bench.record({ kind: 'sighting', lease, isLive: false, sentMs, doneMs });
      if (token === of) token = undefined;
      return;
    }
    bench.record({
      kind: 'renewal',
      lease,
      ttlMs: ttlMs.pbx,
      canGrant: false,
      isAcknowledged,
      sentMs,
      doneMs,
    });
    if (!isAcknowledged && !isAway) bench.wonder(`heartbeat of ${application}: ${text}`);
  };
  const logout = async (of: string): Promise<void> => {
    const { isAcknowledged, sentMs, doneMs } = await call(`logout?token=${of}`, {});
    bench.record({ kind: 'ending', lease: `pbx ${of}`, isAcknowledged, sentMs, doneMs });
    token = undefined;
    // Nobody may use it any more.
    await beat(of);
  };
  const step = async (): Promise<void> => {
    if (token === undefined) return login();
    await beat(token);
    if (isSteady || bench.isQuiet || token === undefined || !random.chance(0.06)) return;
    if (random.chance(0.5)) await logout(token);
    else await bench.pause(random.between(3_000, ttlMs.pbx + 4_000));
  };
  const ended = bench.repeat(beatMs, random, step).finally(() => receiver.close());
  return { ended };
}

interface ReportOptions {
  readonly application: string;
  readonly random: Random;
  readonly isSteady: boolean;
  readonly onAccepted: () => void;
}

/** An application that is not steady fails one report in twenty, and leaves one in fifty without a reply. */
function acceptReports(
  bench: Bench,
  receiver: Receiver,
  { application, random, isSteady, onAccepted }: ReportOptions,
): void {
  const own = random.fork('receiver');
  receiver.answer = ({ body }) => {
    const id = parse<{ smsid?: string }>(body)?.smsid;
    const mood = isSteady || bench.isQuiet ? 1 : own.below(100) / 100;
    const isAccepted = mood >= 0.07;
    if (id === undefined) bench.wonder(`report to ${application}: ${body}`);
    else bench.record({ kind: 'report', application, id, isAccepted, atMs: bench.now() });
    if (isAccepted) onAccepted();
    if (isAccepted) return ok;
    return mood < 0.02 ? undefined : statusReply(500);
  };
}

/** Sends numbered reports to all applications until the run stops. */
export function runReporter(bench: Bench): Promise<void> {
  const random = bench.random.fork('reporter');
  let next = 0;
  return bench.repeat(500, random, async () => {
    if (bench.isSilent) return;
    next += 1;
    const id = `r${next}`;
    const body = { report: 'SmsSend', status: 'Success', smsid: id };
    const reply = await bench.send({ method: 'POST', path: '/_heartbeatd/pbx/events', body });
    const { sentMs, doneMs, status, text } = reply;
    bench.record({
      kind: 'publication',
      topic: reportTopic,
      id,
      isAcknowledged: status === 202,
      sentMs,
      doneMs,
    });
    if (status !== 202 && !isUnavailable(reply)) bench.wonder(`reports: ${status} ${text}`);
  });
}
