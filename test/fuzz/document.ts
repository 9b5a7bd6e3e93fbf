/** The operations of a server, as its OpenAPI document describes them. */
import type { Schema } from './schema.ts';

export interface FuzzParameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Content {
  readonly schema?: Schema;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

export interface FuzzOperation {
  readonly id: string;
  /** `sls`, `pbx`, `presence` or `operator`. */
  readonly protocol: string;
  readonly method: string;
  /** As the document has it: `/logstores/{logstore}`. */
  readonly path: string;
  /** Query parameters that select the operation among those with the same path; a value of undefined: any. */
  readonly selector: { readonly name: string; readonly value: string | undefined } | undefined;
  readonly parameters: readonly FuzzParameter[];
  readonly body: Schema | undefined;
  /** Content of the replies, by status. */
  readonly replies: ReadonlyMap<number, Content>;
}

interface DocumentedOperation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly FuzzParameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> }>>;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
}

const json = 'application/json';

/** Returns the operations of a document. */
export function readOperations({ paths }: OpenApi): FuzzOperation[] {
  return Object.entries(paths).flatMap(([documented, methods]) => {
    const [path = '', label] = documented.split('#', 2);
    return Object.entries(methods).map(([method, operation]) => ({
      id: operation.operationId ?? `${method} ${documented}`,
      protocol: path.startsWith('/_heartbeatd') ? 'operator' : (operation.tags?.[0] ?? 'operator'),
      method: method.toUpperCase(),
      path,
      selector: selectorOf(label),
      parameters: operation.parameters ?? [],
      body: operation.requestBody?.content[json]?.schema,
      replies: new Map(
        Object.entries(operation.responses).map(([status, { content = {} }]) => [
          Number(status),
          content[json] ?? {},
        ]),
      ),
    }));
  });
}

/** `type=heartbeat` and `add` are about the query; a label with spaces is about something else. */
function selectorOf(label: string | undefined): FuzzOperation['selector'] {
  if (label === undefined || label.includes(' ')) return undefined;
  const [name = '', value] = label.split('=', 2);
  return { name, value };
}

/** Makes a function that returns the operations that a request may have reached, by its method and path. */
export function makeMatcher(
  operations: readonly FuzzOperation[],
): (method: string, path: string) => readonly FuzzOperation[] {
  const patterns = operations.map((operation) => ({
    operation,
    pattern: new RegExp(
      `^${operation.path
        .replaceAll(/[.$]/g, '\\$&')
        .replaceAll('{rest}', '.*')
        .replaceAll(/\{\w+\}/g, '[^/]*')}$`,
    ),
  }));
  return (method, path) =>
    patterns
      .filter(({ operation, pattern }) => operation.method === method && pattern.test(path))
      .map(({ operation }) => operation);
}
