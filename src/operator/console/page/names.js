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

/** Members of a selector; those of `body.…` are conditions on the request body. */
export const selectorFields = [
  'protocol',
  'tenant',
  'group',
  'holder',
  'operation',
  'type',
  'status',
  'direction',
  'answered',
];

/**
 * Reads `holder:c1 tenant:sls/*`; a word without a name is part of a holder. `unknown`: names that mean nothing.
 * @param {string} text @returns {{ selector: Record<string, string>, unknown: readonly string[] }}
 */
export function readSelector(text) {
  /** @type {Record<string, string>} */
  const selector = {};
  /** @type {Record<string, string>} */
  const body = {};
  /** @type {string[]} */
  const unknown = [];
  for (const word of text.trim().split(/\s+/)) {
    if (word === '') continue;
    const colon = word.indexOf(':');
    const name = word.slice(0, colon);
    const value = word.slice(colon + 1);
    if (colon > 0 && selectorFields.includes(name)) selector[name] = value;
    else if (name.startsWith('body.')) body[name.slice('body.'.length)] = value;
    // Names of channels and tokens may contain a colon.
    else if (/^[a-z]+$/.test(name) && value !== '') unknown.push(name);
    else selector.holder = word.includes('*') ? word : `*${word}*`;
  }
  if (Object.keys(body).length > 0) selector.body = JSON.stringify(body);
  return { selector, unknown };
}

/** Returns the selector of a search, as parameters of a request. @param {string} text @returns {Record<string, string>} */
export const parseSelector = (text) => readSelector(text).selector;

/** The parameters of `GET /leases` that a search gives. @param {string} text */
export function leaseQuery(text) {
  const { protocol, tenant, group, holder } = parseSelector(text);
  return { protocol, tenant, group, holder };
}

/** @param {string} text @param {string} pattern */
export function matches(text, pattern) {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
