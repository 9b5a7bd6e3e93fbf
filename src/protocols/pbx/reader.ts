/** What PBX calls did, for people who read the journal. */
import { type Meaning, memberOf, type ReadExchange, type Reader } from '../kit/reader.ts';

/** Types of the events of the PBX. */
export const pbxEventTypes = ['report.queued', 'report.attempt', 'report.delivered', 'report.dead'] as const;

export const pbxReader: Reader = { meaning };

const done: Readonly<Record<string, Meaning>> = {
  PbxHeartbeat: { renewed: true },
  PbxTokenRefresh: { renewed: true },
  PbxLogin: { loggedIn: true },
  PbxLogout: { loggedOut: true },
};

/** Failures have status 200 as well. */
function meaning({ operation, subject, reply }: ReadExchange): Meaning | undefined {
  const token = subject.holder === undefined ? {} : { token: subject.holder };
  if (memberOf(reply.body, 'status') !== 'Failed') {
    const what = Object.hasOwn(done, operation) ? done[operation] : undefined;
    return what === undefined ? undefined : { ...what, ...token };
  }
  const refused = memberOf(reply.body, 'errno');
  return operation === 'PbxHeartbeat' ? { renewed: false, refused, ...token } : { refused };
}
