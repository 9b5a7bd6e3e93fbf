/** Which PBX its view shows, and which events change what it shows. */
import { route } from '../route.js';

/** @param {import('../live.js').LiveEvent} event */
export const concerns = ({ protocol, type }) =>
  protocol === 'pbx' || type === 'clock.moved' || type.startsWith('report.');

/** What the page asks of: the PBX that is chosen by its tenant; nothing for the default one. */
export function pbxQuery() {
  const { tenant } = route.value.query;
  return { tenant: tenant?.startsWith('pbx/') ? tenant : undefined };
}
