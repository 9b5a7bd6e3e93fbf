/** What clients get, and what the server keeps and counts, whether it reads a request without Node's parser or with it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { group, type Line, type Side, slsHost, startSide } from './pair.ts';

let sides: readonly [past: Side, nodes: Side];
async function start(changes: Parameters<typeof startSide>[1] = {}): Promise<void> {
  sides = [await startSide(false, changes), await startSide(true, changes)];
}
afterEach(async () => {
  for (const side of sides) await side.close();
});

/** Sends requests, one after the other, to both servers. Returns the replies of both, and whether the first was past Node to the end. */
async function exchangeAll(requests: readonly string[]) {
  const run = async (side: Side): Promise<{ replies: readonly string[]; isPastNode: boolean }> => {
    const line: Line = await side.open();
    for (const request of requests) await line.exchange(request);
    const isPastNode = line.isPastNode();
    return { replies: await line.finish(), isPastNode };
  };
  const [past, nodes] = [await run(sides[0]), await run(sides[1])];
  return { past: past.replies, nodes: nodes.replies, isPastNode: past.isPastNode };
}

const requestOf = (first: string, headers: readonly string[], body = ''): string =>
  [`${first} HTTP/1.1`, ...headers, '', body].join('\r\n');

const host = `Host: ${slsHost}`;
const presence = '/v2/presence/sub-key/demo/channel';

/** What clients send. */
const usual: Readonly<Record<string, string>> = {
  presence: requestOf(`GET ${presence}/a,b/heartbeat?uuid=u&heartbeat=300`, [host]),
  pbx: requestOf('POST /api/v1.1.0/heartbeat?token={token}', [host, 'Content-Length: 0']),
  sls: requestOf(
    `POST ${group}/g?type=heartbeat&consumer=c`,
    [host, 'Content-Type: application/json', 'Content-Length: 2'],
    '[]',
  ),
};

const channels = ['a', 'a,b', ',', 'a%2Fb', '%E4', 'a;b', 'a:b', '', 'x'.repeat(300)];
const queries = [
  ...['uuid=u', 'uuid=', 'uuid', 'heartbeat=300', 'heartbeat=0', 'heartbeat=x', 'callback=f', '%', '?', '#f'],
  ...[
    'state=%7B%22a%22:1%7D',
    'uuid=%FF',
    'uuid=a%00b',
    'uuid=a+b',
    '__proto__=1',
    '"<>\\^`{|}',
    '&',
    '=',
    ' ',
  ],
  ...['uuid=\xe4', 'auth=k', 'requestid=r', 'pnsdk=PubNub-Go%2F7'],
];
const bodies = [
  '',
  '{}',
  '[]',
  '[0]',
  '{"a":1',
  '{"ipaddr":"127.0.0.1","port":"8260","url":"r"}',
  '<xml/>',
  '\xff\0',
];
const headers = [
  ...[
    'Content-Type: application/json',
    'Content-Type: json',
    'Content-Type: a/b; charset=x',
    'Accept-Encoding: gzip',
  ],
  ...[
    'X-Request-Id: abc',
    'X-Forwarded-For: 10.0.0.1, 10.0.0.2',
    'Connection: keep-alive',
    'Connection: Keep-Alive',
  ],
  ...[
    'Connection: close',
    'Connection: keep-alive, close',
    'Connection: x',
    'Connection: upgrade',
    'Upgrade: h2c',
  ],
  ...[
    'Proxy-Connection: close',
    'Proxy-Connection: keep-alive',
    'Keep-Alive: 300',
    'Expect: 100-continue',
    'Expect: x',
  ],
  ...[
    'TE: trailers',
    'Trailer: X',
    'Cookie: a=b',
    'Set-Cookie: a=b',
    'X : y',
    'X:',
    'X: a\r\n b',
    'X: \xe4',
    'X: \0',
  ],
  ...[
    'X:  a\t',
    'X:\ta\tb',
    'Bad Name: x',
    'Origin: http://x',
    'Access-Control-Request-Method: GET',
    'X: a\nY: b',
  ],
  ...[
    'X: a\rY: b',
    'Authorization: LOG a:b',
    '__proto__: x',
    'constructor: x',
    'Content-Encoding: gzip',
    'Date: x',
  ],
  ...['x-log-bodyrawsize: 0', 'x-log-apiversion: 0.6.0', 'Host: b', ': x', 'x', 'A_b: c'],
  'traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01',
];
const framings: Readonly<Record<string, (body: string) => readonly [string[], string]>> = {
  length: (body) => [[`Content-Length: ${body.length}`], body],
  none: () => [[], ''],
  'more than stated': (body) => [[`Content-Length: ${body.length}`], `${body}G`],
  chunks: (body) => [
    ['Transfer-Encoding: chunked'],
    `${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`,
  ],
  'both framings': (body) => [[`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
  'a sign': (body) => [[`Content-Length: +${body.length}`], body],
  'a zero first': (body) => [[`Content-Length: 0${body.length}`], body],
  'a list': (body) => [[`Content-Length: ${body.length}, ${body.length}`], body],
};

const often = <Value>(value: Value, others: readonly Value[], weight = 6) =>
  fc.oneof({ weight, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const query = fc.array(fc.constantFrom(...queries), { maxLength: 3 }).map((parts) => parts.join('&'));
const target = fc.oneof(
  fc
    .tuple(often('a', channels, 2), query)
    .map(([channel, rest]) => `${presence}/${channel}/heartbeat?uuid=v&${rest}`),
  fc
    .tuple(often('v1.1.0', ['v0.0.1', 'nothing', '']), often('{token}', ['', 'none', '%7B']))
    .map(([version, token]) => `/api/${version}/heartbeat?token=${token}`),
  fc
    .tuple(
      often('g', ['none', '']),
      often('type=heartbeat&consumer=c', ['type=heartbeat', 'type=x', '', 'type=checkpoint&consumer=c']),
    )
    .map(([name, rest]) => `${group}/${name}?${rest}`),
);
const usualMethod = (path: string): string => (path.startsWith(presence) ? 'GET' : 'POST');
const request = fc
  .record({
    target,
    method: often('', ['GET', 'POST', 'PUT', 'OPTIONS', 'DELETE', 'get', 'GARBAGE']),
    form: often('', [' ', `http://${slsHost}`, 'http://user@x', '/', '*'], 12),
    version: often('HTTP/1.1', ['HTTP/1.0', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1 '], 20),
    host: often(host, ['Host: a', 'Host:', 'HOST: A', 'X-None: a'], 8),
    extra: fc.array(fc.constantFrom(...headers), { maxLength: 2 }),
    body: fc.constantFrom(...bodies),
    framing: often('length', Object.keys(framings), 4),
    end: often('\r\n', ['\n', '\r\n '], 30),
  })
  .map(({ target: path, method, form, version, host: named, extra, body, framing, end }) => {
    const own = method === '' ? usualMethod(path) : method;
    const [lengths, sent] = framings[own === 'GET' && method === '' ? 'none' : framing]?.(body) ?? [[], ''];
    return `${[`${own} ${form}${path} ${version}`, named, ...extra, ...lengths].join(end)}\r\n\r\n${sent}`;
  });

describe('a heartbeat that is read without the parser of Node', () => {
  it('has the same replies and effects as one that is read by it, however odd it is', async () => {
    await start();
    let pastNode = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 3 }), async (requests) => {
        const { past, nodes, isPastNode } = await exchangeAll(requests);
        if (isPastNode) pastNode += 1;
        expect(past).toEqual(nodes);
      }),
      { seed: 20_300_101, numRuns: 120 },
    );
    expect(await sides[0].effects()).toEqual(await sides[1].effects());
    // Else nothing would have been compared.
    expect(pastNode).toBeGreaterThan(10);
  });

  it.each(Object.keys(usual))('is read without it as clients of %s send it', async (protocol) => {
    await start();
    const heartbeat = usual[protocol] ?? '';
    const { past, nodes, isPastNode } = await exchangeAll([heartbeat, heartbeat, heartbeat]);
    expect(isPastNode).toBe(true);
    expect(past).toEqual(nodes);
    expect(past[0]?.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(4);
    expect(await sides[0].effects()).toEqual(await sides[1].effects());
  });

  const effects: Readonly<Record<string, object>> = {
    'a delay': { delay: '1ms' },
    'an error of the table': { store: 'away' },
    'a status': { status: 503, body: { busy: true }, headers: { 'retry-after': '1' } },
    'a status without a body': { status: 204 },
    'a last reply': { status: 503, headers: { connection: 'close' } },
    'headers of framing': { status: 503, headers: { 'transfer-encoding': 'chunked' }, body: 'text' },
    'a drop before': { drop: 'before' },
    'a drop after': { drop: 'after' },
    'a reset': { reset: true },
    garbage: { garbage: true },
    'a part of a reply': { truncate: 0.5 },
    'nothing of a reply': { truncate: 0 },
    'a slow reply': { dribble: { bytes: 7, every: '1ms' } },
    'another body': { answer: 'ä' },
  };
  it.each(Object.keys(effects))('meets %s of a fault as Node has it, with the same journal', async (name) => {
    await start();
    for (const side of sides)
      await side.operator('POST', '/faults', {
        when: { count: 'all' },
        match: { operation: '*Heart*' },
        do: effects[name],
      });
    for (const heartbeat of Object.values(usual)) {
      const { past, nodes } = await exchangeAll([heartbeat]);
      expect(past).toEqual(nodes);
    }
    expect(await sides[0].effects()).toEqual(await sides[1].effects());
  });

  it('is held by a fault until that is released', async () => {
    await start();
    const replies: unknown[] = [];
    for (const side of sides) {
      await side.operator('POST', '/faults', { match: { operation: 'Heartbeat' }, do: { hold: true } });
      const line = await side.open();
      let isDone = false;
      const held = line.exchange(usual.presence ?? '').then(() => {
        isDone = true;
      });
      let released = 0;
      while (!isDone) {
        await nextTurn();
        released += JSON.parse(await side.operator('POST', '/faults/fault-1/release')).count ?? 0;
      }
      await held;
      expect(released).toBe(1);
      replies.push(await line.finish());
    }
    expect(replies[0]).toEqual(replies[1]);
    expect(await sides[0].effects()).toEqual(await sides[1].effects());
  });
});
