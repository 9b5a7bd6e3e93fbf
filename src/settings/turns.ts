/** Spreads work that becomes due at once over turns of the event loop, so that other requests are served in between. */

/** Returns a function that resolves at once for the first `perTurn` callers in a turn of the event loop, for others in later turns. */
export function makeTurns(perTurn: number): () => Promise<void> | undefined {
  const waiting: (() => void)[] = [];
  let started = 0;
  let isScheduled = false;

  const nextTurn = (): void => {
    isScheduled = false;
    started = 0;
    for (const start of waiting.splice(0, perTurn)) {
      started += 1;
      start();
    }
    if (waiting.length > 0) schedule();
  };
  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(nextTurn);
  };

  return () => {
    schedule();
    if (started < perTurn && waiting.length === 0) {
      started += 1;
      return undefined;
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
}
