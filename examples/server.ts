/**
 * The server that an example talks to: the one in HEARTBEATD_URL, or one that runs in this process and is gone with it.
 * OPERATOR_TOKEN is sent with operator requests if it is set.
 */
import { buildApp, defaultConfig, openStore } from '../src/index.ts';

export interface ExampleServer {
  /** `http://host:port`. */
  readonly url: string;
  /** `host:port`, as clients take it that add the scheme themselves. */
  readonly authority: string;
  /** Posts JSON to the operator API and returns the reply's JSON. Rejects if the reply is an error. */
  operator(path: string, body: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** Returns the server in HEARTBEATD_URL, or starts one on a free port of this machine. */
export async function openServer(): Promise<ExampleServer> {
  const { HEARTBEATD_URL: running, OPERATOR_TOKEN: token } = process.env;
  if (running !== undefined && running !== '') return describe(running, token, async () => {});
  const config = defaultConfig();
  const store = await openStore(config);
  const app = await buildApp({ config, store });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return describe(url, undefined, async () => {
    await app.close();
    await store.close();
  });
}

function describe(address: string, token: string | undefined, close: () => Promise<void>): ExampleServer {
  const { origin: url, host: authority } = new URL(address);
  return {
    url,
    authority,
    close,
    async operator(path, body) {
      const response = await fetch(`${url}/_heartbeatd/${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(body),
      });
      const reply: unknown = await response.json();
      if (!response.ok)
        throw new Error(`POST /_heartbeatd/${path}: ${response.status} ${JSON.stringify(reply)}`);
      return reply;
    },
  };
}
