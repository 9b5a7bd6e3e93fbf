/** Log lines as people read them on a terminal. */

const levels: Readonly<Record<number, readonly [name: string, colour: number]>> = {
  10: ['TRACE', 90],
  20: ['DEBUG', 36],
  30: ['INFO', 32],
  40: ['WARN', 33],
  50: ['ERROR', 31],
  60: ['FATAL', 35],
};
/** Members that the line shows by itself, or that are the same in all lines. */
const hidden = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'err']);
/** Members of a request that its short line leaves out; `LOG_FORMAT=json` has them. */
const hiddenOfRequest = new Set([
  ...hidden,
  'reqId',
  'protocol',
  'operation',
  'method',
  'host',
  'url',
  'status',
  'ms',
]);

/** Returns a line of JSON as text: time, level, message and fields; a request as `GET /x 200 7 ms`. */
export function prettyLine(json: string): string {
  const line = JSON.parse(json) as Readonly<Record<string, unknown>> & {
    readonly level: number;
    readonly time: number;
    readonly msg?: string;
    readonly err?: { readonly message?: string; readonly stack?: string };
  };
  const [name, colour] = levels[line.level] ?? ['LOG', 0];
  const isRequest = line.msg === 'request' && typeof line.url === 'string';
  const message = isRequest
    ? `${line.method} ${line.url} ${line.status} ${Math.round(Number(line.ms))} ms`
    : (line.msg ?? '');
  const fields = Object.entries(line)
    .filter(([key]) => !(isRequest ? hiddenOfRequest : hidden).has(key))
    .map(([key, value]) => ` ${key}=${shown(value)}`);
  const error = line.err === undefined ? '' : `: ${oneLine(line.err.message ?? '')}`;
  const stack = line.err?.stack === undefined ? '' : `\n${line.err.stack.replace(/^.*\n/, '')}`;
  const time = new Date(line.time).toTimeString().slice(0, 8);
  return `${time} \u001b[${colour}m${name}\u001b[0m ${message}${error}${fields.join('')}${stack}\n`;
}

/** Quotes what could be mistaken for something else, control characters included. */
function shown(value: unknown): string {
  return typeof value === 'string' && /^[!-~]+$/.test(value) ? value : JSON.stringify(value);
}

const oneLine = (text: string): string => text.replace(/\p{Cc}+/gu, ' ');
