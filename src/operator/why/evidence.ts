/** What happened before, as explanations need it: known to this node, and to the others over a shared store. */
import { type Static, Type } from '@sinclair/typebox';
import type { Evidence, PastLease, PastRequest, WhySubject } from '../../protocols/kit/explain.ts';
import { guard } from '../../protocols/kit/validate.ts';
import type { Journal } from '../journal/journal.ts';
import { renderEntry } from '../journal/render.ts';
import type { Gathered } from '../nodes/gather.ts';
import type { LeaseHistory } from './lease-history.ts';

/** What this node remembers. */
export interface Memory {
  readonly history: Pick<LeaseHistory, 'find'>;
  /** Absent: the settings turn it off. */
  readonly journal: Pick<Journal, 'read' | 'reader'> | undefined;
}

/** Requests of a holder that an explanation may look at. */
const maxRequests = 20;
/** Bounds of what a node tells another: leases, requests, those of one operation, and characters of a body and of all requests. */
const told = { leases: 100, requests: 20, ofOperation: 5, bodyChars: 2_048, chars: 16_384 } as const;

const Question = Type.Object({
  tenant: Type.String(),
  group: Type.Optional(Type.String()),
  holder: Type.Optional(Type.String()),
});
const isQuestion = guard(Question);

const Answer = Type.Object({
  leases: Type.Array(
    Type.Object({
      type: Type.Union([Type.Literal('granted'), Type.Literal('released'), Type.Literal('expired')]),
      ...{ tenant: Type.String(), group: Type.String(), holder: Type.String(), atMs: Type.Number() },
    }),
  ),
  requests: Type.Array(
    Type.Object({
      ...{ entry: Type.Number(), at: Type.String(), operation: Type.String(), holder: Type.String() },
      group: Type.Union([Type.String(), Type.Null()]),
      status: Type.Optional(Type.Number()),
      ...{ body: Type.Optional(Type.Unknown()), reply: Type.Optional(Type.Unknown()) },
    }),
  ),
});
type Answer = Static<typeof Answer>;
const isAnswer = guard(Answer);

/** Returns what this node tells another about a subject; null for a question that it does not understand. */
export function answerFrom(memory: Memory, question: unknown): Answer | null {
  if (!isQuestion(question)) return null;
  const { tenant, group, holder } = question;
  const own = memory.history.find({ tenant, holder });
  // For the names that are like an unknown one.
  const leases = own.length > 0 ? own : memory.history.find({ tenant, group });
  return { leases: leases.slice(0, told.leases), requests: requestsToTell(memory, question) };
}

/** Returns the newest requests of a holder and about a group, a few of each kind, so that frequent ones do not hide the others. */
function requestsToTell(memory: Memory, { tenant, group, holder }: WhySubject): Answer['requests'] {
  const limit = told.requests * told.ofOperation;
  const found = [
    ...(holder === undefined ? [] : requestsOf(memory, { tenant, holder }, limit)),
    ...(group === undefined ? [] : requestsOf(memory, { tenant, group }, limit)),
  ];
  const counts = new Map<string, number>();
  const kept = new Map<number, Answer['requests'][number]>();
  let chars = 0;
  for (const { holder: of, ...request } of found) {
    if (of === null || kept.has(request.entry)) continue;
    const kind = JSON.stringify([request.operation, of]);
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    if (count > told.ofOperation) continue;
    const { status, body, reply, ...rest } = request;
    const short = {
      ...{ ...rest, holder: of, body: shortened(body), reply: shortened(reply) },
      ...(status === undefined ? {} : { status }),
    };
    chars += JSON.stringify(short).length;
    if (chars > told.chars || kept.size === told.requests) break;
    kept.set(request.entry, short);
  }
  return [...kept.values()];
}

const shortened = (body: unknown): unknown =>
  (JSON.stringify(body) ?? '').length > told.bodyChars ? null : body;

/** Returns the evidence of this node and of those that answered. */
export function makeEvidence(memory: Memory, { answers }: Pick<Gathered, 'answers'>): Evidence {
  const others = answers.flatMap(({ node, answer }) => (isAnswer(answer) ? [{ node, ...answer }] : []));
  const leasesElsewhere: readonly PastLease[] = others.flatMap(({ leases }) => leases);
  return {
    leases(subject) {
      const here = memory.history.find(subject);
      const there = leasesElsewhere.filter((lease) => isAbout(lease, subject));
      return there.length === 0 ? here : [...here, ...there].sort((a, b) => b.atMs - a.atMs);
    },
    requests(subject) {
      const { group: _, ...wanted } = subject;
      const here = requestsOf(memory, wanted, maxRequests).map(({ holder: __, ...request }) => request);
      const there = others.flatMap(({ node, leases: _, requests }) =>
        requests
          .filter(({ holder }) => subject.holder === undefined || holder === subject.holder)
          .filter(({ operation }) => subject.operation === undefined || operation === subject.operation)
          .map(({ holder: _, status, body, reply, ...request }) => ({
            ...request,
            status,
            body,
            reply,
            node,
          })),
      );
      return there.length === 0
        ? here
        : [...here, ...there].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
    },
  };
}

const isAbout = (lease: PastLease, { tenant, group, holder }: WhySubject): boolean =>
  lease.tenant === tenant &&
  (group === undefined || lease.group === group) &&
  (holder === undefined || lease.holder === holder);

function requestsOf(
  { journal }: Memory,
  subject: WhySubject & { readonly operation?: string },
  limit: number,
): (PastRequest & { readonly holder: string | null })[] {
  if (journal === undefined) return [];
  const selector = Object.fromEntries(Object.entries(subject).filter(([, value]) => value !== undefined));
  return journal.read({ selector, limit, order: 'newest' }).entries.map((entry) => {
    const { seq, at, operation, group, holder, request, reply } = renderEntry(entry, journal.reader);
    return {
      ...{ entry: seq, at, operation, group, holder },
      ...{ status: reply?.status, body: request.body, reply: reply?.body },
    };
  });
}
