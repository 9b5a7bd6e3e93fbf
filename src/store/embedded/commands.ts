/** The commands of the store, performed on the state of this process. */
import type { Command, CommandName, StoreNow } from '../commands.ts';
import type { Outcome } from '../driver.ts';
import type { Tenant } from '../leases.ts';
import { commit, listDocuments, readDocuments } from './documents.ts';
import { dumpTenant, loadTenant } from './dumps.ts';
import { watchEvents } from './events/watches.ts';
import { count, groups, groupsOf, members, readLease } from './leases/lease-reads.ts';
import { beat, release, setData } from './leases/leases.ts';
import { dateNow, dropTenant, leaseNow, readTimetoken, type State } from './state.ts';
import { readTopics, topicBounds } from './topics.ts';

const reads: ReadonlySet<CommandName> = new Set<CommandName>([
  'read',
  'members',
  'count',
  'groups',
  'groupsOf',
  'readDocuments',
  'listDocuments',
  'readTopics',
  'topicBounds',
  'now',
  'dump',
]);

/** Performs a command that changes nothing; any other one has `refusal` as its outcome. */
export function performRead(state: State, command: Command, refusal: Error): Outcome {
  return reads.has(command.name) ? perform(state, command) : { error: refusal };
}

/** Performs a command within a step; an error is its outcome. */
export function perform(state: State, command: Command): Outcome {
  try {
    switch (command.name) {
      case 'beat':
        return beat(state, command.input);
      case 'release':
        return release(state, command.input);
      case 'setData':
        return setData(state, command.input);
      case 'read':
        return { result: readLease(state, command.input) };
      case 'members':
        return { result: members(state, command.input) };
      case 'count':
        return { result: count(state, command.input) };
      case 'groups':
        return { result: groups(state, command.input) };
      case 'groupsOf':
        return { result: groupsOf(state, command.input) };
      case 'readDocuments':
        return { result: readDocuments(state, command.input) };
      case 'listDocuments':
        return { result: listDocuments(state, command.input) };
      case 'commit':
        return { result: commit(state, command.input) };
      case 'readTopics':
        return { result: readTopics(state, command.input) };
      case 'watchEvents':
        return { result: watchEvents(state, command.input) };
      case 'topicBounds':
        return { result: topicBounds(state, command.input) };
      case 'now':
        return { result: readNow(state, command.input.tenant) };
      case 'drop':
        dropTenant(state, command.input.tenant);
        return { result: null };
      case 'dump':
        return { result: dumpTenant(state, command.input.tenant) };
      case 'load':
        loadTenant(state, command.input);
        return { result: null };
    }
  } catch (error) {
    return { error: error as Error };
  }
}

function readNow(state: State, tenant: Tenant): StoreNow {
  return {
    leaseMs: leaseNow(state, tenant),
    wallMs: Math.floor(state.wallMs()),
    dateMs: Math.floor(dateNow(state, tenant)),
    timetoken: readTimetoken(state, tenant),
    sequence: state.sequence,
  };
}
