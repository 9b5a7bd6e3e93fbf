/** Writes a reply to its connection in one step, as Node's `ServerResponse` would have it on the wire. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

export interface ResponseOptions {
  /** Of a connection without requests, ms; clients are told. */
  readonly keepAliveMs: number;
  /** Wall time, ms since 1970. */
  wallMs(): number;
  /** Called once, after the whole reply. */
  onReplied(): void;
}

/** Has the members of Node's `ServerResponse` that handlers of frequent routes, and faults, use. */
export class WholeResponse {
  readonly socket: Socket;
  statusCode = 200;
  /** Called when the whole reply was handed to a connection that is open. */
  onSent: (() => void) | undefined;
  #head = '';
  #isEnded = false;
  #closes = false;
  #isChunked = false;
  readonly #options: ResponseOptions;

  constructor(socket: Socket, options: ResponseOptions) {
    this.socket = socket;
    this.#options = options;
  }

  get destroyed(): boolean {
    return this.socket.destroyed;
  }

  get writableLength(): number {
    return this.socket.writableLength;
  }

  /** Throws TypeError for a value that cannot be in a header, before anything is sent. */
  writeHead(status: number, headers: readonly string[]): this {
    const { text, closes, isChunked } = headOf(status, headers, this.#options);
    this.#head = text;
    this.#closes = closes;
    this.#isChunked = isChunked;
    this.statusCode = status;
    return this;
  }

  /** Sends the headers and a part of the body. */
  write(part: Uint8Array, done?: () => void): boolean {
    const head = Buffer.from(this.#head, 'latin1');
    this.#head = '';
    if (!this.socket.writable) {
      done?.();
      return false;
    }
    if (!this.#hasBody()) return this.socket.write(head, done);
    return this.socket.write(Buffer.concat([head, ...(this.#isChunked ? chunkOf(part) : [part])]), done);
  }

  end(body: string | Uint8Array = '', encoding: 'latin1' | 'utf8' = 'utf8'): this {
    if (this.#isEnded) return this;
    this.#isEnded = true;
    const head = this.#head;
    if (this.socket.writable) {
      const isPlain = this.#hasBody() && !this.#isChunked;
      if (typeof body === 'string' && encoding === 'latin1' && isPlain)
        this.socket.write(head + body, 'latin1');
      else if (head !== '' || body.length > 0)
        this.write(typeof body === 'string' ? Buffer.from(body, encoding) : body);
      if (this.#isChunked) this.socket.write('0\r\n\r\n', 'latin1');
      // As Node does: the connection does not wait for its client to end it.
      if (this.#closes) this.socket.destroySoon();
      this.onSent?.();
    }
    this.#options.onReplied();
    return this;
  }

  destroy(): this {
    this.socket.destroy();
    return this;
  }

  /** Replies of these statuses end with their headers. */
  #hasBody(): boolean {
    return this.statusCode !== 204 && this.statusCode !== 304;
  }
}

/** Returns a chunk of a body; none for no bytes, as that would end it. */
function chunkOf(part: Uint8Array): readonly Uint8Array[] {
  if (part.byteLength === 0) return [];
  return [Buffer.from(`${part.byteLength.toString(16)}\r\n`), part, Buffer.from('\r\n')];
}

const invalidValue = /[^\t -~\x80-\xff]/;
const validName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

interface ReplyHead {
  readonly text: string;
  /** Whether the connection ends with the reply. */
  readonly closes: boolean;
  /** Whether a header says that the body is sent in chunks; the operator may have a fault send any. */
  readonly isChunked: boolean;
}

/** Most replies have the headers of the one before, within the same second. */
let last = {
  ...{ headers: [] as readonly string[], status: 0, keepAliveMs: 0, second: 0 },
  head: { text: '', closes: false, isChunked: false } as ReplyHead,
};
let date = { second: 0, line: '' };

function headOf(
  status: number,
  headers: readonly string[],
  { keepAliveMs, wallMs }: ResponseOptions,
): ReplyHead {
  const second = Math.floor(wallMs() / 1_000);
  const isSame = last.headers === headers && last.status === status && last.second === second;
  if (isSame && last.keepAliveMs === keepAliveMs) return last.head;
  if (date.second !== second) date = { second, line: `Date: ${new Date(second * 1_000).toUTCString()}\r\n` };
  const { lines, own } = linesOf(headers);
  const isBodiless = status === 204 || status === 304;
  const isChunked = /(?:^|\W)chunked(?:$|\W)/i.test(own.get('transfer-encoding') ?? '');
  if (own.has('trailer') && !isChunked) throw new TypeError('header trailer needs a body in chunks');
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n${lines}`;
  if (!own.has('date')) text += date.line;
  let closes = /(?:^|\W)close(?:$|\W)/i.test(own.get('connection') ?? '');
  if (!own.has('connection')) {
    closes = isChunked && isBodiless;
    text += closes ? 'Connection: close\r\n' : 'Connection: keep-alive\r\n';
    if (!closes && keepAliveMs > 0 && !own.has('keep-alive'))
      text += `Keep-Alive: timeout=${Math.floor(keepAliveMs / 1_000)}\r\n`;
  }
  const head = { text: `${text}\r\n`, closes, isChunked: isChunked && !isBodiless };
  last = { headers, status, second, keepAliveMs, head };
  return head;
}

/** Headers that Node adds where a reply does not have them, or by which it frames the body. */
const framing = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding', 'trailer']);

const maxFramingName = 'transfer-encoding'.length;
const none: ReadonlyMap<string, string> = new Map();

/** Returns headers as they are sent, and those among them that `framing` names. */
function linesOf(headers: readonly string[]): { lines: string; own: ReadonlyMap<string, string> } {
  let own: Map<string, string> | undefined;
  let lines = '';
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const value = headers[at + 1] ?? '';
    if (!validName.test(name) || invalidValue.test(value)) throw new TypeError(`header ${name} is invalid`);
    const lower = name.length <= maxFramingName ? name.toLowerCase() : '';
    if (framing.has(lower)) own = (own ?? new Map<string, string>()).set(lower, value);
    lines += `${name}: ${value}\r\n`;
  }
  return { lines, own: own ?? none };
}
