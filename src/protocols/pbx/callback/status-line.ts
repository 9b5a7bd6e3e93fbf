/** Reads the status of a reply as soon as its status line is there. Pure. */

/** A longer head is not read. */
const maxLength = 16 * 1_024;
const maxShownLength = 60;
const statusLine = /^HTTP\/\d(?:\.\d)? +(\d{3})(?: [^\n]*|\r)?(?:\n|$)/;
const blankLine = /\r?\n\r?\n/;

export type StatusRead =
  | {
      readonly status: number;
      /** What arrived of the body. */
      readonly rest: string;
    }
  /** It is no reply; says why. */
  | { readonly reason: string };

/**
 * Returns the status of a reply, of which `received` has arrived so far; undefined while the status line is incomplete. Lines end
 * with or without a carriage return. Provisional replies (1xx) are skipped, except 101. `isEnded`: nothing more comes.
 */
export function readStatus(received: string, isEnded: boolean): StatusRead | undefined {
  const text = received.replace(/^[\r\n]+/, '');
  const isComplete = isEnded || text.includes('\n');
  if (!isComplete && text.length <= maxLength && 'HTTP/'.startsWith(text.slice(0, 5))) return undefined;
  if (text === '') return { reason: 'the connection was closed without a reply' };
  const status = Number(isComplete ? statusLine.exec(text)?.[1] : Number.NaN);
  if (Number.isNaN(status))
    return { reason: `the reply is not HTTP: ${JSON.stringify(text.slice(0, maxShownLength))}` };
  const blank = blankLine.exec(text);
  const rest = blank === null ? '' : text.slice(blank.index + blank[0].length);
  if (status < 200 && status !== 101) {
    if (blank !== null) return readStatus(rest, isEnded);
    return isEnded || text.length > maxLength
      ? { reason: `status ${status} and no reply after it` }
      : undefined;
  }
  const isChunked = blank !== null && chunkedHead.test(text.slice(0, blank.index));
  return { status, rest: isChunked ? joinChunks(rest) : rest };
}

const chunkedHead = /^transfer-encoding:.*\bchunked\s*$/im;
const chunkSize = /([0-9a-f]{1,8})[^\n]*\n/iy;

/** Returns what the chunks of a body hold, as far as they arrived. */
function joinChunks(text: string): string {
  let joined = '';
  let at = 0;
  for (;;) {
    chunkSize.lastIndex = at;
    const found = chunkSize.exec(text);
    const size = Number.parseInt(found?.[1] ?? '0', 16);
    if (size === 0) return joined;
    const start = chunkSize.lastIndex;
    joined += text.slice(start, start + size);
    // A line ends each chunk.
    at = start + size + (text[start + size] === '\r' ? 2 : 1);
  }
}
