/** How times, names and selectors are written. Pure. */

/** @param {number} ms */
export function duration(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** @param {string | number} at */
export function clockTime(at) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(11, 23);
}

const fields = ['protocol', 'tenant', 'group', 'holder', 'operation', 'type', 'status'];

/**
 * Reads `holder:c1 tenant:sls/*`; a word without a name is a holder.
 * @param {string} text @returns {Record<string, string>}
 */
export function parseSelector(text) {
  /** @type {Record<string, string>} */
  const selector = {};
  for (const word of text.trim().split(/\s+/)) {
    if (word === '') continue;
    const colon = word.indexOf(':');
    const name = word.slice(0, colon);
    if (colon > 0 && fields.includes(name)) selector[name] = word.slice(colon + 1);
    else selector.holder = word.includes('*') ? word : `*${word}*`;
  }
  return selector;
}

/** @param {string} text @param {string} pattern */
export function matches(text, pattern) {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
