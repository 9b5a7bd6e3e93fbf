/** Errors as the log shows them: in words, and without what a library attaches to them, which may hold a password. */

/** Parts of messages of Redis and of the system, and what they mean. */
const words: readonly (readonly [RegExp, string])[] = [
  [/connect ECONNREFUSED \S+/, 'connection refused'],
  [/connect ETIMEDOUT \S*|connect ETIMEDOUT/, 'no answer to the connection attempt'],
  [/getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (\S+)/, 'host name $1 not found'],
  [/read ECONNRESET|write EPIPE/, 'connection closed by the peer'],
  [/WRONGPASS .*/, 'wrong user or password in REDIS_URL'],
  [/NOAUTH .*/, 'password needed; set REDIS_URL=redis://:<password>@<host>:<port>'],
];

/** Returns a message in which codes that only developers know are replaced by words. */
export function inWords(message: string): string {
  let text = message;
  for (const [pattern, replacement] of words) text = text.replace(pattern, replacement);
  return text;
}

const expectedNames = new Set(['ReplyError', 'StoreUnavailable', 'TenantFull']);

/** Errors of the network, of Redis and of the store: where they were noticed in the code says nothing about their cause. */
function isExpected(error: Error & { readonly syscall?: unknown }): boolean {
  return error.syscall !== undefined || expectedNames.has(error.name);
}

/** Serialises the `err` field of a line; the stack only if the error is one of the program. */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: inWords(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(isExpected(error) ? {} : { stack: error.stack }),
    ...(error.cause instanceof Error && !isExpected(error) ? { cause: describeError(error.cause) } : {}),
  };
}
