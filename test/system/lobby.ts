/** Requests to a process about one channel, as a check that it serves. */

/** For what a process does on a machine with much else to do. */
export const patient = { timeout: 20_000 };

/** Renews a uuid on the channel. */
export const beat = (url: string, uuid = 'ann') =>
  fetch(`${url}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=${uuid}&heartbeat=300`);
/** Returns the uuids that are present. */
export const occupants = async (url: string): Promise<string[]> =>
  ((await (await fetch(`${url}/v2/presence/sub-key/demo/channel/lobby`)).json()) as { uuids: string[] })
    .uuids;
