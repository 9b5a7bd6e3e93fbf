/** A presence request, as its operation gets it: read once, names still encoded where only the operation knows them. */
import type { Tenant } from '../../../store/store.ts';
import type { RequestBody } from './decode/body.ts';
import type { Query } from './decode/target.ts';

/** The client's connection: emits `close` when the client is gone. Only long polls listen, so that no other request pays. */
export interface ClientConnection {
  once(event: 'close', listener: () => void): unknown;
}

/** One request. */
export interface PresenceCall {
  readonly method: string;
  /** Path and query as on the wire; see `segmentAt`. */
  readonly url: string;
  readonly tenant: Tenant;
  readonly subscribeKey: string;
  /** The path segment that names channels, still encoded; empty where the path has none. */
  readonly channels: string;
  readonly query: Query;
  /** Function that a JSONP client waits for. */
  readonly callback: string | undefined;
  /** Of a POST. */
  readonly body: RequestBody | undefined;
  readonly connection: ClientConnection;
}
