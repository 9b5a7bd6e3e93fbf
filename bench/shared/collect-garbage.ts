/** Collects the garbage of a server through its inspector, so that its heap has only what it holds. */
import { once } from 'node:events';

/** Returns the option of Node.js that opens the inspector of a process on a port. */
export const inspectorOption = (port: number): string => `--inspect=127.0.0.1:${port}`;

/** Resolves when a whole collection is over. Rejects if the process has no inspector on this port. */
export async function collectGarbage(inspectorPort: number): Promise<void> {
  const reply = await fetch(`http://127.0.0.1:${inspectorPort}/json/list`);
  const [target] = (await reply.json()) as { readonly webSocketDebuggerUrl: string }[];
  if (target === undefined) throw new Error('the inspector has no target');
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }));
  await once(socket, 'message');
  socket.close();
}
