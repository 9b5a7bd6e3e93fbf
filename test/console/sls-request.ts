import { request } from 'node:http';

/** Sends a request to the project `demo` of the SLS at a URL; resolves to the body of the reply. */
export function sendToSls(url: string, path: string, body: unknown): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { host: 'demo.cn-hangzhou.log.aliyuncs.com', 'content-type': 'application/json' };
  const sent = request(url + path, { method: 'POST', headers }, async (reply) => {
    let text = '';
    for await (const chunk of reply) text += String(chunk);
    resolve(text);
  });
  sent.on('error', reject);
  sent.end(JSON.stringify(body));
  return promise;
}
