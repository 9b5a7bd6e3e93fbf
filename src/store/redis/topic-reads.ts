/**
 * Reads of topics, which may be large: those of one batch share a call as long as they are small together; what is larger is
 * read by calls of its own, few at a time, so that neither the connection nor this process holds many large replies at once.
 */
import type { Input, Result } from '../commands.ts';
import { type Outcome, StoreUnavailable } from '../driver.ts';
import type { Caller } from './caller.ts';
import { topics } from './codecs/topics.ts';
import type { Reply, ScriptArgument } from './scripts.ts';

/** Maximum size of the payloads of a batch in one reply, bytes. */
const sharedBytes = 1_048_576;
/** Maximum number of large reads that run at the same time, and that wait for that. */
const maxLargeReads = 4;
const maxWaiting = 256;

type Read = Input<'readTopics'>;

/** Returns a function that reads for a batch of commands. */
export function makeTopicReads(
  call: Caller,
): (partition: number, reads: readonly Read[]) => Promise<Outcome[]> {
  const runLarge = limitConcurrency(maxLargeReads);

  const readWithin = async (partition: number, reads: readonly Read[], maxBytes: number) => {
    const args: ScriptArgument[] = [maxBytes];
    for (const read of reads) topics.readTopics.encode(read, args);
    return (await call({ name: 'readTopics', partition, args, raw: true })) as readonly Reply[];
  };
  const readLarge = async (partition: number, read: Read): Promise<Result<'readTopics'>> => {
    const [reply = null] = await readWithin(partition, [read], Number.MAX_SAFE_INTEGER);
    return topics.readTopics.decode(reply, read);
  };

  return async (partition, reads) => {
    const replies = await readWithin(partition, reads, sharedBytes);
    return Promise.all(
      reads.map(async (read, at): Promise<Outcome> => {
        const reply = replies[at] ?? null;
        if (reply !== null) return { result: topics.readTopics.decode(reply, read) };
        return runLarge(() => readLarge(partition, read)).then(
          (result) => ({ result }),
          (error: Error) => ({ error }),
        );
      }),
    );
  };
}

/** Returns a function that runs at most `max` steps at the same time. It rejects with StoreUnavailable if too many wait. */
function limitConcurrency(max: number): <T>(step: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (step) => {
    if (running >= max) {
      if (waiting.length >= maxWaiting) throw new StoreUnavailable('too many large reads wait for the store');
      // The step that ends hands its place over.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await step();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
