/** Writes a reply to its connection in one step, as Node's `ServerResponse` would have it on the wire. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

export interface ResponseOptions {
  /** Of a connection without requests, ms; clients are told. */
  readonly keepAliveMs: number;
  /** Called once, after the whole reply. */
  onEnd(): void;
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
    const { text, closes } = headOf(status, headers, this.#options.keepAliveMs);
    this.#head = text;
    this.#closes = closes;
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
    return this.socket.write(this.#hasBody() ? Buffer.concat([head, part]) : head, done);
  }

  end(body: string | Uint8Array = '', encoding: 'latin1' | 'utf8' = 'utf8'): this {
    if (this.#isEnded) return this;
    this.#isEnded = true;
    const head = this.#head;
    if (this.socket.writable) {
      if (typeof body === 'string' && encoding === 'latin1' && this.#hasBody())
        this.socket.write(head + body, 'latin1');
      else if (head !== '' || body.length > 0)
        this.write(typeof body === 'string' ? Buffer.from(body, encoding) : body);
      if (this.#closes) this.socket.end();
      this.onSent?.();
    }
    this.#options.onEnd();
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

const invalidValue = /[^\t -~\x80-\xff]/;
const validName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

interface ReplyHead {
  readonly text: string;
  /** Whether the connection ends with the reply. */
  readonly closes: boolean;
}

/** Most replies have the headers of the one before, within the same second. */
let last = {
  ...{ headers: [] as readonly string[], status: 0, keepAliveMs: 0, second: 0 },
  head: { text: '', closes: false } as ReplyHead,
};
let date = { second: 0, line: '' };

function headOf(status: number, headers: readonly string[], keepAliveMs: number): ReplyHead {
  const second = Math.floor(Date.now() / 1_000);
  const isSame = last.headers === headers && last.status === status && last.second === second;
  if (isSame && last.keepAliveMs === keepAliveMs) return last.head;
  if (date.second !== second) date = { second, line: `Date: ${new Date(second * 1_000).toUTCString()}\r\n` };
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
  let hasDate = false;
  let connection: string | undefined;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const value = headers[at + 1] ?? '';
    if (!validName.test(name) || invalidValue.test(value)) throw new TypeError(`header ${name} is invalid`);
    if (name.length === 4 && name.toLowerCase() === 'date') hasDate = true;
    if (name.length === 10 && name.toLowerCase() === 'connection') connection = value;
    text += `${name}: ${value}\r\n`;
  }
  if (!hasDate) text += date.line;
  if (connection === undefined) {
    text += 'Connection: keep-alive\r\n';
    if (keepAliveMs > 0) text += `Keep-Alive: timeout=${Math.floor(keepAliveMs / 1_000)}\r\n`;
  }
  const head = { text: `${text}\r\n`, closes: connection !== undefined && /close/i.test(connection) };
  last = { headers, status, second, keepAliveMs, head };
  return head;
}
