/** Servers that answer every request alike and do nothing: `node bench/idle-server.ts bare|fastify <port>`. */
import { createServer } from 'node:http';
import Fastify from 'fastify';
import { presenceHeaders } from '../../src/protocols/presence/wire/headers.ts';

const body = '{"status":200,"message":"OK","service":"Presence"}';
const [kind, port] = process.argv.slice(2);
if (kind === 'bare') {
  createServer((_request, response) => {
    response.writeHead(200, presenceHeaders);
    response.end(body);
  }).listen(Number(port), '127.0.0.1');
} else {
  const app = Fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes));
  app.all('/*', async (_request, reply) => reply.headers(presenceHeaders).send(body));
  await app.listen({ host: '127.0.0.1', port: Number(port) });
}
