/** Replies that go wrong on their way: written to the connection itself. */
import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { Reply } from '../../http/reply.ts';
import type { Send } from '../../protocols/kit/intercept.ts';

/** Resets the connection. */
export const reset: Send = (reply) => {
  reply.hijack();
  const { socket } = reply.raw;
  // The request of an actor has no connection.
  if (socket instanceof Socket) socket.resetAndDestroy();
  else reply.raw.destroy();
};

/** Sends bytes that are not HTTP, and closes the connection. */
export const garbage: Send = (reply) => {
  reply.hijack();
  const { socket } = reply.raw;
  if (!(socket instanceof Socket)) reply.raw.destroy();
  else {
    socket.write(Buffer.from([0x16, 0x03, 0x00, 0xff, 0x00, 0x0a, 0x0d, 0x7f]));
    // Without waiting for the client to end it.
    socket.destroySoon();
  }
};

function startReply(reply: FastifyReply, answer: Reply): Buffer {
  const body = Buffer.from(answer.body);
  reply.hijack();
  reply.raw.writeHead(answer.status, [...answer.headers, 'content-length', String(body.byteLength)]);
  return body;
}

/** Sends the headers and a share of the body, and closes the connection. */
export function truncated(answer: Reply, share: number): Send {
  return async (reply) => {
    const body = startReply(reply, answer);
    const { promise: written, resolve } = Promise.withResolvers<void>();
    reply.raw.write(body.subarray(0, Math.floor(body.byteLength * share)), () => resolve());
    await written;
    reply.raw.destroy();
  };
}

/** Sends the body in pieces, with a pause before each. */
export function dribbled(
  answer: Reply,
  { bytes, everyMs }: { readonly bytes: number; readonly everyMs: number },
): Send {
  return async (reply) => {
    const body = startReply(reply, answer);
    for (let at = 0; at < body.byteLength && !reply.raw.destroyed; at += bytes) {
      await pause(everyMs);
      reply.raw.write(body.subarray(at, at + bytes));
    }
    reply.raw.end();
  };
}
