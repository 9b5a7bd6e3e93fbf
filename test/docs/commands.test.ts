/** Every curl command of the docs is sent, page by page and in order, and what a page shows of the replies is compared. */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';
import { readPages, root } from './pages.ts';
import { type CurlCommand, curlOf, wordsOf } from './shell-words.ts';

/** Commands that other tests run, or that need what is not here. */
const elsewhere = [
  /^git clone /,
  /^npm (?:ci|install|test|start|run)\b/,
  /^(?:npx )?node /,
  /^kubectl /,
  /^HTTPS_PROXY=/,
  /^source <\(/,
];

let started: StartedApp;
beforeAll(async () => {
  started = await startApp({ slsAutoCreate: true });
});
afterAll(() => started.close());

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends what curl would send; through the proxy, as curl does, if there is one. */
function send({ method, url, headers, body }: CurlCommand, proxy: string | undefined): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { host, hostname, port } = new URL(proxy ?? url);
  const options = {
    method,
    host: hostname,
    port,
    agent: false as const,
    headers: { ...headers, host: new URL(url).host },
  };
  const path = proxy === undefined ? url.slice(url.indexOf(host) + host.length) : url;
  const sent = request({ ...options, path }, async (reply) => {
    let text = '';
    const { statusCode = 0 } = reply;
    // A stream of events does not end: its status is the answer.
    if (/ndjson|event-stream/.test(reply.headers['content-type'] ?? '') && url.includes('/events')) {
      sent.destroy();
      return resolve({ status: statusCode, text });
    }
    for await (const chunk of reply) text += String(chunk);
    resolve({ status: statusCode, text });
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

/** What differs from run to run. */
const normal = (text: string): string =>
  text
    .trim()
    .replace(/\b[0-9a-f]{32}\b/g, '<token>')
    .replace(/\b\d{10}\.\d{6,}\b/g, '<callid>');

interface Block {
  readonly kind: string;
  readonly lines: readonly string[];
}

function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(/^```(sh|json)\n(.*?)^```/gms)].map(([, kind = '', text = '']) => ({
    kind,
    lines: text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#')),
  }));
}

/** Runs a page; resolves to what it shows beside what was replied, and to the commands that failed. */
async function runPage(path: string): Promise<{ shown: string[]; replied: string[]; failed: string[] }> {
  const variables: Record<string, string> = { TOKEN: await login() };
  const result = { shown: [] as string[], replied: [] as string[], failed: [] as string[] };
  let replies: string[] = [];
  for (const { kind, lines } of blocksOf(readFileSync(join(root, path), 'utf8'))) {
    if (kind === 'json') {
      // The last replies of the commands before: a page need not show those of its preparations.
      if (replies.length < lines.length) continue;
      result.shown.push(...lines.map(normal));
      result.replied.push(...replies.slice(-lines.length).map(normal));
      continue;
    }
    replies = [];
    for (const line of lines) {
      if (elsewhere.some((pattern) => pattern.test(line))) continue;
      const { port } = new URL(started.url);
      const [program = '', ...words] = wordsOf(
        line.replaceAll(':8080', `:${port}`).replaceAll('<token>', '$TOKEN'),
        variables,
      );
      if (program === 'export') {
        for (const word of words) variables[word.split('=', 1)[0] ?? ''] = word.slice(word.indexOf('=') + 1);
        continue;
      }
      // A new kind of command needs a test of its own.
      if (program !== 'curl') throw new Error(`${path}: ${program} is a command that no test runs`);
      const sent = words.map((word) => word.replaceAll('$TOKEN', variables.TOKEN ?? ''));
      const { status, text } = await send(curlOf(sent), variables.http_proxy);
      const token = /"token":"([0-9a-f]{32})"/.exec(text)?.[1];
      if (token !== undefined) variables.TOKEN = token;
      if (status >= 300) result.failed.push(`${line}: ${status} ${text.slice(0, 200)}`);
      if (text !== '') replies.push(text);
    }
  }
  return result;
}

async function login(): Promise<string> {
  const body = '{"username":"api","password":"1a1dc91c907325c69271ddf0c944bc72","port":"8260"}';
  const reply = await fetch(`${started.url}/api/v1.1.0/login`, { method: 'POST', body });
  return ((await reply.json()) as { token: string }).token;
}

/** The pages speak of a logstore, and of a consumer that sends heartbeats. */
beforeAll(async () => {
  const headers = { 'content-type': 'application/json' };
  const at = 'http://my-project.cn-hangzhou.log.aliyuncs.com/logstores';
  const post = (path: string, body: string): Promise<Answer> =>
    send({ method: 'POST', url: at + path, headers, body }, started.url);
  await post('', '{"logstoreName":"my-logstore","ttl":1,"shardCount":1}');
  await post('/my-logstore/consumergroups', '{"consumerGroup":"cg","timeout":60}');
  for (const held of ['[]', '[0]'])
    await post('/my-logstore/consumergroups/cg?type=heartbeat&consumer=c1', held);
});

const pages = readPages().flatMap(({ path, text }) => (/^curl /m.test(text) ? [path] : []));

it.each(pages)('the curl commands of %s work, and reply what it shows', async (path) => {
  const { shown, replied, failed } = await runPage(path);
  expect(failed).toEqual([]);
  expect(replied).toEqual(shown);
});
