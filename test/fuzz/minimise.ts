/** Makes a failing request smaller, as long as it fails in the same way. */
import type { FuzzRequest } from './request.ts';

/** Whether a request still fails. */
export type Fails = (request: FuzzRequest) => Promise<boolean>;

/** Returns the smallest request that was found; at most `tries` requests are tried. */
export async function minimise(request: FuzzRequest, fails: Fails, tries = 300): Promise<FuzzRequest> {
  let smallest = request;
  let left = tries;
  for (let isSmaller = true; isSmaller && left > 0; ) {
    isSmaller = false;
    for (const smaller of smallerOnes(smallest)) {
      if (left === 0) break;
      left -= 1;
      if (!(await fails(smaller))) continue;
      smallest = smaller;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

/** Returns requests that are a little smaller, the greatest steps first. */
function* smallerOnes(request: FuzzRequest): Generator<FuzzRequest> {
  const { target, headers, body } = request;
  if (body !== undefined) {
    yield { ...request, body: undefined };
    if (body.length > 0) yield { ...request, body: Buffer.alloc(0) };
  }
  const [path = '', query] = target.split('?', 2);
  if (query !== undefined) yield { ...request, target: path };
  for (let at = 0; at < headers.length; at += 1)
    if (headers[at]?.[0] !== 'host') yield { ...request, headers: headers.toSpliced(at, 1) };
  const pairs = query?.split('&') ?? [];
  for (let at = 0; at < pairs.length; at += 1) {
    yield { ...request, target: targetOf(path, pairs.toSpliced(at, 1)) };
    const [name = '', value = ''] = pairs[at]?.split('=', 2) ?? [];
    for (const shorter of shorterTexts(value))
      yield { ...request, target: targetOf(path, pairs.with(at, `${name}=${shorter}`)) };
  }
  const segments = path.split('/');
  for (let at = 1; at < segments.length; at += 1)
    for (const shorter of shorterTexts(segments[at] ?? ''))
      yield { ...request, target: targetOf(segments.with(at, shorter).join('/'), pairs) };
  yield* smallerBodies(request);
}

function* smallerBodies(request: FuzzRequest): Generator<FuzzRequest> {
  const { body } = request;
  if (body === undefined || body.length === 0) return;
  for (const json of smallerJson(body)) yield { ...request, body: json };
  for (let size = Math.floor(body.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < body.length; at += size)
      yield { ...request, body: Buffer.concat([body.subarray(0, at), body.subarray(at + size)]) };
    if (body.length > 512 && size < 32) return;
  }
}

function* smallerJson(body: Buffer): Generator<Buffer> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const name of Object.keys(value)) {
    const { [name]: _left, ...rest } = value as Record<string, unknown>;
    yield Buffer.from(JSON.stringify(rest));
  }
}

function* shorterTexts(text: string): Generator<string> {
  if (text.length <= 1) return;
  yield text.slice(0, Math.floor(text.length / 2));
  yield text.slice(Math.floor(text.length / 2));
}

const targetOf = (path: string, pairs: readonly string[]): string =>
  pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
