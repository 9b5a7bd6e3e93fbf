/** Two applications, of v1.1.0 and of v2.0.0, which receive the reports of the calls that a test plays. */
import { afterEach, beforeEach, expect } from 'vitest';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { type Receiver, startReceiver } from '../receiver.ts';

type Json = Record<string, unknown>;
type Member = Record<string, Record<string, string>>;

const isAboutCalls = (report: Json): boolean => (report.action ?? report.event) !== 'ExtensionStatus';

/** Returns a member as `1000`, or `5551234>1000` if it is outside, with its state and the path that the call took. */
function member(one: Member): string {
  const [fields = {}] = Object.values(one);
  const { extid, number, from, to, memberstatus, callpath } = fields;
  const name = extid ?? number ?? `${from}>${to}`;
  return [name, memberstatus, callpath === undefined ? undefined : `via ${callpath}`]
    .filter(Boolean)
    .join(' ');
}

/** Returns a report as its name, its reason, its members and what else it says, in one line. */
export function line(report: Json): string {
  const { action, event, call, members, reason, info, ivr, ext, inbound, outbound } = report;
  const name = String(action ?? event);
  if (name === 'NewCdr') return `NewCdr ${report.callfrom}>${report.callto} ${report.status} ${report.type}`;
  // Without a list, each member is a member of the report.
  const single = Object.entries({ outbound, inbound, ext }).flatMap(([key, value]) =>
    value === undefined ? [] : [{ [key]: value } as Member],
  );
  const parties = ((call ?? members ?? single) as Member[]).map(member);
  const number = ivr === undefined ? undefined : Object.values(ivr as object).join();
  const { conferencenumber, conferencename } = report;
  const conference = conferencenumber === undefined ? undefined : `${conferencenumber} ${conferencename}`;
  return [name, reason, conference, parties.join(', '), info, number].filter(Boolean).join(' | ');
}

export const hangup = { step: 'hangup', by: 'callee' };

/** Registers the hooks that start an app and the two applications for each test of the file, and returns how it plays calls. */
export function twoApplications() {
  let started: StartedApp;
  let v1: Receiver;
  let v2: Receiver;
  beforeEach(async () => {
    started = await startApp();
    [v1, v2] = await Promise.all([startReceiver(), startReceiver()]);
    await login('v1.1.0', '1.0.2', v1.port);
    await login('v2.0.0', '2.0.0', v2.port);
  });
  afterEach(async () => {
    await Promise.all([v1.close(), v2.close()]);
    await started.close();
  });

  const post = async (path: string, body: object): Promise<Json> => {
    const answer = await fetch(`${started.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Json;
  };
  const login = (prefix: string, version: string, port: number) =>
    post(`/api/${prefix}/login`, { username: `crm${version}`, password: 'x', port, version });
  const play = (call: object) => post('/_heartbeatd/pbx/calls', call);

  /** Returns the reports of both applications about calls, once the record of the call has arrived. */
  async function played(call: object): Promise<{ readonly v1: string[]; readonly v2: string[] }> {
    expect(await play(call)).toMatchObject({ open: false });
    const of = async (receiver: Receiver): Promise<string[]> => {
      const reports = (): Json[] => receiver.bodies().map((body) => JSON.parse(body));
      await expect
        .poll(() => reports().some(({ action, event }) => (action ?? event) === 'NewCdr'))
        .toBe(true);
      return reports().filter(isAboutCalls).map(line);
    };
    return { v1: await of(v1), v2: await of(v2) };
  }

  return {
    get v1() {
      return v1;
    },
    get v2() {
      return v2;
    },
    post,
    play,
    played,
  };
}
