/** Applications of the PBX that the server simulates: they log in as an API user, beat, and receive reports. */
import { type Static, Type } from '@sinclair/typebox';
import {
  type ActorKit,
  ActorRefused,
  type ActorReply,
  type ActorRole,
  type Behaviour,
  type SendAsActor,
  type SimulatedClient,
} from '../../kit/actors/actor-kit.ts';
import { validator } from '../../kit/validate.ts';
import { errnos } from '../api/errors.ts';
import { defaultTenant, tenantOfUser } from '../tenant.ts';
import { makeReceivedReports } from './received-reports.ts';
import type { Receivers } from './receivers.ts';

const fields = {
  apiVersion: Type.Optional(
    Type.String({
      pattern: '^v\\d+(?:\\.\\d+){1,3}$',
      maxLength: 20,
      description: 'PBX: version prefix of its calls; default: v1.1.0',
    }),
  ),
};
const Fields = Type.Object(fields, { additionalProperties: false });
const checkFields = validator(Fields);

const port = '8260';
/** Part of a token's time after which an application beats again. */
const beatsPerToken = 3;

export interface ApplicationOptions {
  readonly receivers: Receivers;
  readonly tokenTtlSeconds: number;
}

/** Returns the applications that the server simulates. */
export function applicationActors(options: ApplicationOptions): ActorKit {
  return {
    behaviours: {
      application: 'logs in, beats, answers reports with 200, and logs in again when its token ended',
      refusing: 'answers reports with 500',
      greedy: 'logs in anew at every beat, so that the oldest tokens of its user are replaced',
      silent: 'stops beating and takes no reports: its token ends',
    },
    fields,
    create(role, wanted, send) {
      if (role.group === '') throw new ActorRefused('group: name the API user');
      const tenant = tenantOfUser(role.group);
      if (role.tenant !== tenant)
        throw new ActorRefused(
          `group: this user logs in to ${tenant}; users of pbx/<name> are named <name>/<user>, those of ${defaultTenant} have no such name`,
        );
      return makeApplication(role, wanted, { ...options, send });
    },
  };
}

function makeApplication(
  { group: user, address }: ActorRole,
  wanted: Behaviour,
  { receivers, tokenTtlSeconds, send }: ApplicationOptions & { readonly send: SendAsActor },
): SimulatedClient {
  const reports = makeReceivedReports();
  let { behaviour } = wanted;
  let { apiVersion = 'v1.1.0' } = parseFields(wanted.fields);
  let session: Session | undefined;
  let logins = 0;

  const stopReceiving = receivers.add(address, (body) => {
    if (behaviour === 'silent') return undefined;
    reports.add(body);
    return behaviour === 'refusing' ? 500 : 200;
  });
  const post = (path: string, body: object): Promise<ActorReply | undefined> =>
    send({ method: 'POST', url: `/api/${apiVersion}/${path}`, body: JSON.stringify(body) });
  /** Returns the members of a success, the number of an error, or undefined for a lost reply. */
  const call = async (path: string, body: object): Promise<Answer | undefined> => {
    const reply = await post(path, body);
    return reply === undefined ? undefined : answerIn(reply);
  };

  const logIn = async (): Promise<string | undefined> => {
    const answer = await call('login', { username: user, password: 'actor', port, url: 'reports' });
    if (answer === undefined) return undefined;
    if (answer.token === undefined) return refusalOf(answer);
    logins += 1;
    session = { token: answer.token, refreshToken: answer.refreshtoken };
    return undefined;
  };
  const renew = ({ token, refreshToken }: Session): Promise<Answer | undefined> =>
    refreshToken === undefined
      ? call(`heartbeat?token=${token}`, { ipaddr: address, port, url: 'reports' })
      : call('token/refresh', { refreshtoken: refreshToken });

  return {
    everyMs: Math.floor((tokenTtlSeconds * 1_000) / beatsPerToken),
    async turn() {
      if (session === undefined || behaviour === 'greedy') return logIn();
      const answer = await renew(session);
      if (answer?.errno === errnos.unknownToken) return logIn();
      if (answer?.token !== undefined) session = { token: answer.token, refreshToken: answer.refreshtoken };
      return answer?.errno === undefined ? undefined : refusalOf(answer);
    },
    async behave(change) {
      behaviour = change.behaviour;
      apiVersion = parseFields(change.fields).apiVersion ?? apiVersion;
    },
    async leave() {
      if (session !== undefined) await post(`logout?token=${session.token}`, {});
      session = undefined;
    },
    holds: (group, holder) => group === user && holder === session?.token,
    view: () => ({ token: session?.token ?? null, logins, ...reports.view() }),
    close: stopReceiving,
  };
}

interface Session {
  readonly token: string;
  /** Of a Cloud PBX, where nothing else extends a token. */
  readonly refreshToken: string | undefined;
}

/** What a reply says. */
interface Answer {
  readonly errno?: string;
  readonly token?: string;
  readonly refreshtoken?: string;
}

function answerIn({ status, body }: ActorReply): Answer {
  try {
    const { status: outcome, ...answer } = JSON.parse(body) as Answer & { readonly status: string };
    if (outcome === 'Success') return answer;
    return { errno: String(answer.errno ?? status) };
  } catch {
    // A fault may answer anything.
    return { errno: String(status) };
  }
}

const refusalOf = ({ errno = '' }: Answer): string => `errno ${errno}`;

function parseFields(given: Behaviour['fields']): Static<typeof Fields> {
  return checkFields(given, ({ path, message }) => new ActorRefused(`${path.slice(1)}: ${message}`));
}
