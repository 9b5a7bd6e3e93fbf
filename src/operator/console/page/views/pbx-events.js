/** Which events change what the PBX view shows. */

/** @param {import('../live.js').LiveEvent} event */
export const concerns = ({ protocol, type }) =>
  protocol === 'pbx' || type === 'clock.moved' || type.startsWith('report.');
