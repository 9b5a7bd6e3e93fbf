/** Compare-and-swap loops, bounded. */

/** What was to be changed kept changing; protocols answer with the vendor's "busy". */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

const maxAttempts = 32;

/**
 * Repeats an attempt until it returns something other than undefined, which means that a compare-and-swap lost. Rejects with
 * Conflict after 32 attempts, and with whatever an attempt throws.
 */
export async function retryOnConflict<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < maxAttempts; tries += 1) {
    const result = await attempt();
    if (result !== undefined) return result;
  }
  throw new Conflict(`gave up after ${maxAttempts} conflicting changes`);
}
