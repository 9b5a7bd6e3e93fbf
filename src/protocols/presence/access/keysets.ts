/** Keysets, as settings give them. */

/** One of a customer's keysets. */
export interface Keyset {
  readonly subscribeKey: string;
  readonly publishKey: string;
  readonly secretKey: string;
}

/** Parses `<subscribe key>:<publish key>:<secret key>`; undefined for any other text. */
export function parseKeyset(text: string): Keyset | undefined {
  const [subscribeKey = '', publishKey = '', secretKey = '', ...more] = text.split(':');
  const isComplete = subscribeKey !== '' && publishKey !== '' && secretKey !== '' && more.length === 0;
  return isComplete ? { subscribeKey, publishKey, secretKey } : undefined;
}
