/** Consumers made of a vendor's library, in processes of their own, and what they say that they did. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What runs a consumer: the command, given where the server is and who the consumer shall be. */
export interface Library {
  readonly name: string;
  command(worker: { readonly url: string; readonly group: string; readonly consumer: string }): Command;
}

export interface Processed {
  readonly consumer: string;
  readonly shard: string;
  readonly value: string;
  /** Its consumer saved a checkpoint after it. */
  saved: boolean;
}

export interface Worker {
  readonly consumer: string;
  readonly processed: readonly Processed[];
  /** Without a goodbye. */
  kill(): Promise<void>;
  /** As the library wants to be stopped. Resolves when the process is gone. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', killWorkers);

/** All of them, whatever became of their drill. */
export function killWorkers(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** What went wrong lately, for the message of a failed drill. */
const keptErrors = 4_000;

export function startWorker(
  library: Library,
  url: string,
  group: string,
  consumer: string,
  onProcessed: (log: Processed) => void,
  inOrder = false,
): Worker {
  const { file, args, env } = library.command({ url, group, consumer });
  const child: ChildProcess = spawn(file, [...args], {
    env: { ...process.env, ...env, SLS_IN_ORDER: inOrder ? '1' : '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const gone = once(child, 'exit').finally(() => running.delete(child));
  const processed: Processed[] = [];
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-keptErrors);
  });
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const [word, shard = '', value = ''] = line.split(' ');
    if (word === 'log') {
      const log = { consumer, shard, value, saved: false };
      processed.push(log);
      onProcessed(log);
    } else if (word === 'saved') {
      for (const log of processed) if (log.shard === shard) log.saved = true;
    }
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await gone;
    if (process.env.SHOW_WORKERS === '1') console.error(`${consumer}: ${errors}`);
  };
  return { consumer, processed, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}
