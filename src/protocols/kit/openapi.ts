/** The OpenAPI 3.1 document's `paths` of a protocol, made from its table of operations. Pure. */
import type { TSchema } from '@sinclair/typebox';
import type { Method, Operation, OperationSchema } from './operation.ts';

export type OpenApiPaths = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What a protocol adds to the OpenAPI document. */
export interface OpenApiPart {
  readonly paths: OpenApiPaths;
  readonly securitySchemes: Readonly<Record<string, unknown>>;
}

/** An error of the protocol's table, as the OpenAPI document shows it. */
export interface DescribedError {
  readonly status: number;
  readonly example: unknown;
  readonly summary?: string;
}

/** What the document needs to know of a protocol. */
export interface Documented {
  readonly name: string;
  /** OpenAPI security schemes of the protocol, by name; an operation may be called with any of them, or with none. */
  readonly securitySchemes?: Readonly<Record<string, unknown>>;
  /** Describes an error of the protocol's table; `summary` is its meaning, where the name does not say it. */
  describeError(name: string): DescribedError;
}

/** Returns one path item operation per vendor operation that is not hidden. */
export function describeOperations<Call>(
  dialect: Documented,
  operations: readonly Operation<Call>[],
): OpenApiPaths {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    if (operation.isHidden === true) continue;
    const methods: readonly Method[] =
      typeof operation.method === 'string' ? [operation.method] : operation.method;
    const described = describe(dialect, operation);
    for (const [at, method] of methods.entries()) {
      const item = pathItem(paths, operation, method);
      // An operation id names one operation only; further methods of the same call get their method's name behind it.
      const operationId = at === 0 ? operation.name : `${operation.name}_${method.toLowerCase()}`;
      item[method.toLowerCase()] = { operationId, ...described };
    }
  }
  return paths;
}

/** OpenAPI has one operation per method and path: a fragment distinguishes operations that share a path. */
function pathItem(
  paths: Record<string, Record<string, unknown>>,
  { path, when }: Pick<Operation<never>, 'path' | 'when'>,
  method: Method,
): Record<string, unknown> {
  const plain = path.replaceAll(/:(\w+)/g, '{$1}').replace(/\*$/, '{rest}');
  const isTaken = paths[plain]?.[method.toLowerCase()] !== undefined;
  const name = when !== undefined || isTaken ? `${plain}#${when?.label ?? method.toLowerCase()}` : plain;
  paths[name] ??= {};
  return paths[name];
}

function describe<Call>(
  { name, describeError, securitySchemes = {} }: Documented,
  { summary, path, schema, errors }: Operation<Call>,
): Record<string, unknown> {
  return {
    summary,
    tags: [name],
    // Nothing is asked for unless the settings say so.
    security: [{}, ...Object.keys(securitySchemes).map((scheme) => ({ [scheme]: [] }))],
    parameters: [...pathParameters(path, schema), ...queryParameters(schema)],
    ...(schema.body === undefined
      ? {}
      : { requestBody: { content: { 'application/json': { schema: schema.body } } } }),
    responses: {
      ...successes(schema),
      ...failures(
        errors.map((error) => ({ error, ...describeError(error) })),
        schema,
      ),
    },
  };
}

function pathParameters(path: string, { params }: OperationSchema): unknown[] {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  if (path.endsWith('*')) names.push('rest');
  const known = properties(params);
  return names.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: known[name] ?? { type: 'string' },
  }));
}

function queryParameters({ query }: OperationSchema): unknown[] {
  const required = (query as { required?: readonly string[] } | undefined)?.required ?? [];
  return Object.entries(properties(query)).map(([name, schema]) => {
    const { description } = schema;
    return {
      name,
      in: 'query',
      required: required.includes(name),
      schema,
      ...(description === undefined ? {} : { description }),
    };
  });
}

function properties(schema: TSchema | undefined): Readonly<Record<string, TSchema>> {
  return (schema as { properties?: Record<string, TSchema> } | undefined)?.properties ?? {};
}

function successes({ replies }: OperationSchema): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(replies).map(([status, schema]) => [
      status,
      typeof schema === 'string'
        ? { description: schema }
        : {
            description: schema.description ?? 'Success',
            content: { 'application/json': { schema } },
          },
    ]),
  );
}

/** One response per status, with an example for each of its errors. */
function failures(
  errors: readonly ({ readonly error: string } & DescribedError)[],
  { replies }: OperationSchema,
): Record<string, unknown> {
  const responses: Record<string, unknown> = {};
  for (const [status, group] of Object.entries(Object.groupBy(errors, (error) => String(error.status)))) {
    // Vendors that answer errors with 200 have them described beside their success.
    const success = replies[Number(status)];
    const examples = Object.fromEntries(
      (group ?? []).map(({ error, example, summary }) => [
        error,
        { ...(summary === undefined ? {} : { summary }), value: example },
      ]),
    );
    // One service of a vendor may answer with a list where another one answers with an object.
    const shapes = new Set((group ?? []).map(({ example }) => (Array.isArray(example) ? 'array' : 'object')));
    const failure = { type: [...shapes] };
    const names = (group ?? []).map(({ error }) => error).join(', ');
    responses[status] = {
      description: success === undefined ? names : `Success, or ${names}`,
      content: {
        'application/json': {
          schema:
            success === undefined || typeof success === 'string' ? failure : { anyOf: [success, failure] },
          examples,
        },
      },
    };
  }
  return responses;
}
