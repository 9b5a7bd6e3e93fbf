/** Every view has a URL: `#/sls?tenant=…`. */
import { signal } from './ui.js';

/** @returns {{ view: string, query: Record<string, string> }} */
function parse() {
  const [view = '', search = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { view: view === '' ? 'overview' : view, query: Object.fromEntries(new URLSearchParams(search)) };
}

export const route = signal(parse());
addEventListener('hashchange', () => {
  route.value = parse();
});

/** @param {string} view @param {Record<string, string | undefined>} [query] */
export function href(view, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(/** @type {[string, string][]} */ (given)).toString();
  return `#/${view}${text === '' ? '' : `?${text}`}`;
}

/** Changes members of the query of this view. @param {Record<string, string | undefined>} changes */
export function setQuery(changes) {
  location.hash = href(route.value.view, { ...route.value.query, ...changes });
}
