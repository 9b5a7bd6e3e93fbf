/** Runs steps of the same key one after the other. */

/** Queues a step behind all earlier steps of its key, however those end; resolves or rejects with the step's own result. */
export type SerialQueue = <T>(key: string, step: () => Promise<T>) => Promise<T>;

/** Makes a queue. A key costs memory only while one of its steps waits or runs. */
export function makeSerialQueue(): SerialQueue {
  const tails = new Map<string, Promise<unknown>>();
  return (key, step) => {
    const previous = tails.get(key) ?? Promise.resolve();
    const current = previous.then(step, step);
    tails.set(key, current);
    const forget = (): void => {
      if (tails.get(key) === current) tails.delete(key);
    };
    current.then(forget, forget);
    return current;
  };
}
