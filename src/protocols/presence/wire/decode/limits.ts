/** Limits of the vendor's documentation, and the server's own where the documentation names none. */
export const limits = {
  /** Characters, as is `channelCharacters`. */
  uuidCharacters: 92,
  channelCharacters: 2_048,
  subscribeKeyCharacters: 256,
  /** Path and query. */
  uriBytes: 32 * 1_024,
  stateBytes: 32 * 1_024,
  /** A published message, and the lists of an interval event. */
  messageBytes: 32 * 1_024,
  signalBytes: 64,
  /** A request body: larger than any message, for messages that compress badly. */
  bodyBytes: 64 * 1_024,
  /** The server's own: JSON nested deeper than the stack can be parsed, but not written again. */
  jsonDepth: 100,
  hereNowUuids: 1_000,
  minTimeoutSeconds: 1,
  maxTimeoutSeconds: 86_400,
} as const;
