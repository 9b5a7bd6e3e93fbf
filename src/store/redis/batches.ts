/** Runs a batch of commands: those of one kind are one call of their script. */
import type { Command, CommandName, Input, Result } from '../commands.ts';
import type { EventRetention, Outcome } from '../driver.ts';
import type { Caller } from './caller.ts';
import type { Codec } from './codecs/codec.ts';
import { makeCodecs } from './codecs/codecs.ts';
import { replyEvents } from './codecs/events.ts';
import type { Reply, ScriptArgument } from './scripts.ts';
import { isMemoryFull } from './store-error.ts';
import { makeTopicReads } from './topic-reads.ts';

export type BatchRunner = (partition: number, commands: readonly Command[]) => Promise<Outcome[]>;

/** Returns what a script that records events takes first. */
export function retentionArguments({ keepEntries, idleMs }: EventRetention): readonly ScriptArgument[] {
  return [keepEntries, idleMs];
}

/** Returns a function that runs a batch and has one outcome per command. */
export function makeBatchRunner(call: Caller, retention: EventRetention): BatchRunner {
  const codecs = makeCodecs();
  const readOf = makeTopicReads(call);
  const readTopics = (partition: number, commands: readonly Command[]): Promise<Outcome[]> =>
    readOf(
      partition,
      commands.map(({ input }) => input as Input<'readTopics'>),
    ).catch((error: Error) => commands.map(() => ({ error })));
  const runKind = async (
    partition: number,
    name: CommandName,
    commands: readonly Command[],
  ): Promise<Outcome[]> => {
    if (name === 'readTopics') return readTopics(partition, commands);
    // Large: each is a call of its own, one after the other.
    if ((name === 'dump' || name === 'load') && commands.length > 1) {
      const outcomes: Outcome[] = [];
      for (const command of commands) outcomes.push(...(await runKind(partition, name, [command])));
      return outcomes;
    }
    // The types relate a codec to its command by name only.
    const codec = codecs[name] as unknown as Codec<'beat'>;
    const inputs = commands.map(({ input }) => input) as never[];
    const args: ScriptArgument[] = codec.changesLeases === true ? [...retentionArguments(retention)] : [];
    try {
      const decodeBatch = codec.encodeBatch?.(inputs, args);
      if (decodeBatch === undefined) for (const input of inputs) codec.encode(input, args);
      const raw = codec.raw === true || codec.changesLeases === true;
      const reply = (await call({ name, partition, args, raw }).catch((error: Error) => {
        if (name !== 'beat' || !isMemoryFull(error)) throw error;
        // Nothing was written. Renewals need no memory: only what is granted is refused.
        return call({ name: 'beatWhenFull', partition, args, raw });
      })) as readonly Reply[];
      return outcomesOf(codec, { inputs, reply, decodeBatch });
    } catch (error) {
      return commands.map(() => ({ error: error as Error }));
    }
  };

  return async (partition, commands) => {
    const [first] = commands;
    // Most batches consist of beats only.
    if (first !== undefined && commands.every(({ name }) => name === first.name))
      return runKind(partition, first.name, commands);
    const positions = Map.groupBy(commands.keys(), (at) => commands[at]?.name as CommandName);
    const outcomes: Outcome[] = new Array(commands.length);
    await Promise.all(
      [...positions].map(async ([name, places]) => {
        const ofKind = await runKind(
          partition,
          name,
          places.map((at) => commands[at] as Command),
        );
        for (const [index, at] of places.entries()) outcomes[at] = ofKind[index] as Outcome;
      }),
    );
    return outcomes;
  };
}

interface Answered {
  readonly inputs: never[];
  readonly reply: readonly Reply[];
  readonly decodeBatch: ReturnType<NonNullable<Codec<'beat'>['encodeBatch']>> | undefined;
}

/** The events of the batch are with the outcome of its first command. */
function outcomesOf(codec: Codec<'beat'>, { inputs, reply, decodeBatch }: Answered): Outcome[] {
  const replies = codec.changesLeases === true ? reply[0] : reply;
  const results: (Result<CommandName> | Error)[] =
    decodeBatch?.(replies as Buffer) ??
    inputs.map((input, at) => {
      const reply = (replies as readonly Reply[])[at] ?? null;
      return codec.refusal?.(reply, input) ?? codec.decode(reply, input);
    });
  const outcomes = results.map(
    (result): Outcome => (result instanceof Error ? { error: result } : { result }),
  );
  const events = codec.changesLeases === true ? replyEvents(reply, 1) : [];
  const [first] = outcomes;
  if (events.length > 0 && first !== undefined) outcomes[0] = { ...first, events };
  return outcomes;
}
