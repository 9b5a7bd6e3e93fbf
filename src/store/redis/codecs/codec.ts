/** How a command becomes arguments of its script and the script's reply becomes its result. */
import type { CommandName, Input, Result } from '../../commands.ts';
import { TenantFull } from '../../driver.ts';
import type { Tenant } from '../../leases.ts';
import type { Reply, ScriptArgument } from '../scripts.ts';

export interface Codec<N extends CommandName> {
  /** Appends one command of a batch to the script's arguments. */
  encode(input: Input<N>, to: ScriptArgument[]): void;
  /** Replaces `encode` and `decode`: appends the whole batch. Returns what reads its results; an error is that of its command alone. */
  encodeBatch?(inputs: readonly Input<N>[], to: ScriptArgument[]): (reply: Buffer) => (Result<N> | Error)[];
  decode(reply: Reply, input: Input<N>): Result<N>;
  /** Returns the error of a command that the script refused by itself; undefined if it did not. */
  refusal?(reply: Reply, input: Input<N>): Error | undefined;
  /** The script takes the retention of event topics first, and replies `{ replies, tenant, events, … }`. */
  readonly changesLeases?: true;
  /** The reply holds bytes that are not text, as packed events are. */
  readonly raw?: true;
}

const tenantBounds: Readonly<Record<string, TenantFull['bound']>> = {
  b: 'MAX_TENANT_BYTES',
  t: 'MAX_TENANTS',
};

/** Returns the error for which a script refused a tenant more data (`lua/shared/bytes.lua`); undefined for another reply. */
export function tenantRefusal(reply: Reply, tenant: Tenant): TenantFull | undefined {
  const bound = typeof reply === 'string' || Buffer.isBuffer(reply) ? tenantBounds[String(reply)] : undefined;
  return bound === undefined ? undefined : new TenantFull(tenant, bound);
}

/** Returns the elements of a reply; none if it is not a list. */
export const list = (reply: Reply | undefined): readonly Reply[] => (Array.isArray(reply) ? reply : []);
export const text = (reply: Reply | undefined): string => String(reply ?? '');
export const number = (reply: Reply | undefined): number => Number(reply ?? 0);
