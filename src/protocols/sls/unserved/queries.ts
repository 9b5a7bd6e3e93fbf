/** Queries of a logstore, and the call that reads its index: a logstore here has none, and the service refuses them then. */
import { whenQuery } from '../../kit/operation.ts';
import type { ResourceContext } from '../resources/context.ts';
import { readLogstore } from '../resources/logstores/logstore-store.ts';
import { projectSubject } from '../resources/projects/project.ts';
import type { SlsOperation } from '../wire/call.ts';
import { errors, logstoreErrors } from '../wire/errors.ts';

const logstore = '/logstores/:logstore';

interface Query {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Values of the parameter `type` that name the query; absent: the path does. */
  readonly types?: readonly string[];
}

const queries: readonly Query[] = [
  { name: 'GetLogs', method: 'GET', path: logstore, types: ['log', 'logs'] },
  { name: 'GetHistograms', method: 'GET', path: logstore, types: ['histogram', 'histograms'] },
  { name: 'ListTopics', method: 'GET', path: logstore, types: ['topic', 'topics'] },
  { name: 'GetContextLogs', method: 'GET', path: logstore, types: ['context_log'] },
  { name: 'GetLogsV2', method: 'POST', path: `${logstore}/logs` },
  { name: 'GetIndexHistograms', method: 'GET', path: `${logstore}/index`, types: ['histogram'] },
];

/** Returns the operations. They come before the ones that share their paths. */
export function unindexedQueries(context: ResourceContext): readonly SlsOperation[] {
  return [
    ...queries.map(({ name, method, path, types }) => ({
      ...unindexed(context, { name, method, path }),
      ...(types === undefined ? {} : { when: whenQuery('type', ...types) }),
    })),
    {
      ...unindexed(context, { name: 'GetIndex', method: 'GET', path: `${logstore}/index` }),
      errors: [...logstoreErrors, 'NoIndex'],
      async run(call) {
        await readLogstore(context, call);
        throw errors.NoIndex();
      },
    },
  ];
}

function unindexed(context: ResourceContext, { name, method, path }: Query): SlsOperation {
  return {
    name,
    summary: `Refuses ${name}: the logstore has no index`,
    method,
    path,
    isHidden: true,
    support: 'no-index',
    schema: { replies: {} },
    errors: [...logstoreErrors, 'IndexConfigNotExist'],
    subject: projectSubject,
    async run(call) {
      await readLogstore(context, call);
      throw errors.IndexConfigNotExist();
    },
  };
}
