/** A request as it is sent, byte for byte, and how it is shown to people. */

export interface FuzzRequest {
  readonly method: string;
  /** Path and query as they are on the wire. */
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Undefined: the request has none, and no `Content-Length`. */
  readonly body: Buffer | undefined;
}

/** Returns the bytes of a request. */
export function bytesOf({ method, target, headers, body }: FuzzRequest): Buffer {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  if (body !== undefined) lines.push(`content-length: ${body.length}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return body === undefined ? head : Buffer.concat([head, body]);
}

/** Returns a shell command that sends the request to a server. */
export function curlOf({ method, target, headers, body }: FuzzRequest, url: string): string {
  const parts = ['curl', '-sS', '-i', '-g', '--path-as-is', '-X', method];
  if (method === 'HEAD') parts.push('-I');
  for (const [name, value] of headers)
    parts.push('-H', quote(value === '' ? `${name};` : `${name}: ${value}`));
  if (body !== undefined) parts.push('--data-binary', '@-');
  parts.push(quote(`${url}${target}`));
  const command = parts.join(' ');
  if (body === undefined) return command;
  const named = headers.some(([name]) => name.toLowerCase() === 'content-type');
  const plain = named ? command : command.replace(' --data-binary', " -H 'content-type:' --data-binary");
  return `echo ${body.toString('base64')} | base64 -d | ${plain}`;
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
