/** Attempts to deliver a report as interceptors see them: observed, delayed, repeated or lost. */
import type { Interceptor, Outgoing } from '../../kit/intercept.ts';
import { type AttemptResult, reasonOf } from '../callback/attempt-result.ts';
import type { Attempt, SendReport } from '../callback/send-report.ts';
import type { PbxStore } from '../tenant.ts';

/** What attempts are made with. */
export interface Sending {
  readonly store: Pick<PbxStore, 'tenant'>;
  readonly send: SendReport;
  /** Observes attempts; undefined: nothing does. */
  readonly outgoing: Interceptor['outgoing'];
  /** Aborts when no attempt may go on. */
  readonly abandoned: AbortSignal;
}

/** What is sent, and to whom. */
export interface Message {
  readonly url: string;
  readonly body: string;
  readonly peer: string;
  readonly user: string;
  readonly token: string;
  /** Name of the report, for bodies that name no action. */
  readonly report: string;
}

/** Sends a report, past those who observe it. The attempt never rejects. */
export function sendMessage(sending: Sending, message: Message): Attempt {
  const { send, outgoing } = sending;
  return outgoing === undefined
    ? send(message.url, message.body, message.peer)
    : sendObserved({ ...sending, outgoing }, message);
}

function sendObserved(
  { store, send, outgoing, abandoned }: Sending & { readonly outgoing: NonNullable<Interceptor['outgoing']> },
  message: Message,
): Attempt {
  const { url, body, peer, user, token } = message;
  const ending = new AbortController();
  const end = (): void => ending.abort();
  abandoned.addEventListener('abort', end, { once: true });
  let current: Attempt | undefined;
  const sendOnce = (): Promise<AttemptResult> => {
    if (ending.signal.aborted) return Promise.resolve({ kind: 'aborted' });
    current = send(url, body, peer);
    return current.result;
  };
  const attempt: Outgoing<AttemptResult> = {
    protocol: 'pbx',
    operation: actionOf(body) ?? message.report,
    subject: { tenant: store.tenant, group: user, holder: token },
    request: { method: 'POST', url, headers: ['content-type', 'application/json'], body },
    signal: ending.signal,
    replied: (status) => ({ kind: 'replied', status, isSelf: false, excerpt: '' }),
    failed: (reason) => ({ kind: 'failed', reason }),
    outcomeOf,
  };
  const result = outgoing(attempt, sendOnce)
    .catch(
      (error: Error): AttemptResult =>
        ending.signal.aborted ? { kind: 'aborted' } : { kind: 'failed', reason: reasonOf(error) },
    )
    .finally(() => abandoned.removeEventListener('abort', end));
  return {
    result,
    abort() {
      // A report that was sent still gets its reply.
      if (current === undefined) end();
      else current.abort();
    },
  };
}

function outcomeOf(result: AttemptResult): ReturnType<Outgoing<AttemptResult>['outcomeOf']> {
  if (result.kind === 'replied') return { status: result.status, body: result.excerpt };
  return { failure: result.kind === 'aborted' ? 'aborted' : `${result.kind}: ${result.reason}` };
}

function actionOf(body: string): string | undefined {
  const value: unknown = JSON.parse(body);
  if (typeof value !== 'object' || value === null || !('action' in value)) return undefined;
  return typeof value.action === 'string' ? value.action : undefined;
}
