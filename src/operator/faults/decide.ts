/** Whether a rule fires on its n-th match: pure, so that the same seed gives the same decisions. */

/** Returns a number from 0 to below 1 that depends on the seed and n only (a 32-bit integer hash). */
export function randomAt(seed: number, n: number): number {
  let x = (seed ^ Math.imul(n + 1, 0x9e3779b9)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}

/** Returns a log-normally distributed delay, ms, from a uniform number. */
export function logNormalMs(medianMs: number, sigma: number, uniform: number): number {
  // Box-Muller with a fixed second number: only its distribution matters.
  const normal = Math.sqrt(-2 * Math.log(1 - uniform)) * Math.cos(2 * Math.PI * ((uniform * 7_919) % 1));
  return medianMs * Math.exp(sigma * normal);
}
