/** Any operation of the operator API by its name, as the server's OpenAPI document has it. */
import type { OperationTypes } from './operation-types.ts';
import { operatorOperations } from './operations.ts';
import { type Call, OperatorError, type QueryValue, type Requester } from './request.ts';

type Operations = typeof operatorOperations;

/** The `operationId` of an operation in the server's OpenAPI document. */
export type OperationName = keyof Operations;

/** What an operation takes beside its body: the parameters of its path, and those of its query that are wanted. */
export type OperationParameters<Name extends OperationName> = OperationTypes[Name]['parameters'];

/** The body that an operation takes; undefined if it takes none. */
export type OperationBody<Name extends OperationName> = OperationTypes[Name]['body'];

/** What an operation resolves to. */
export type OperationReply<Name extends OperationName> = OperationTypes[Name]['reply'];

type IsOptional<Type> = Record<never, never> extends Type ? true : false;
type HasOptionalBody<Name extends OperationName> = undefined extends OperationBody<Name> ? true : false;
type Given<Name extends OperationName> = [OperationBody<Name>] extends [undefined]
  ? IsOptional<OperationParameters<Name>> extends true
    ? [parameters?: OperationParameters<Name>]
    : [parameters: OperationParameters<Name>]
  : HasOptionalBody<Name> extends true
    ? IsOptional<OperationParameters<Name>> extends true
      ? [parameters?: OperationParameters<Name>, body?: OperationBody<Name>]
      : [parameters: OperationParameters<Name>, body?: OperationBody<Name>]
    : [parameters: OperationParameters<Name>, body: OperationBody<Name>];

/** Parameters and a body; either may be left out where it is not needed, and the parameters also where an operation has none. */
export type OperationArguments<Name extends OperationName> =
  | Given<Name>
  | (keyof OperationParameters<Name> extends never
      ? [OperationBody<Name>] extends [undefined]
        ? never
        : [body: OperationBody<Name>]
      : never);

/** Names of all operations. */
export const operationNames = Object.keys(operatorOperations) as readonly OperationName[];

/** An operation with its parameters: what is to be sent. */
export interface OperationCall extends Call {
  readonly method: string;
  readonly path: string;
}

/** Returns what a call of an operation sends. Throws OperatorError for a parameter that is missing or that it does not have. */
export function operationCall(
  name: OperationName,
  parameters: Readonly<Record<string, QueryValue>> = {},
  body?: unknown,
): OperationCall {
  const { method, path, query } = operatorOperations[name];
  const inPath = new Set<string>();
  const target = path.replace(/\{(\w+)\}/g, (_all, parameter: string) => {
    inPath.add(parameter);
    const value = parameters[parameter];
    if (value === undefined) throw new OperatorError(0, `${name}: ${parameter} is missing`);
    return encodeURIComponent(String(value));
  });
  const known = query === '' ? [] : query.split(' ');
  const given = Object.entries(parameters).filter(([parameter]) => !inPath.has(parameter));
  for (const [parameter] of given) {
    if (known.includes(parameter)) continue;
    const all = [...inPath, ...known].join(', ');
    throw new OperatorError(0, `${name}: it has no parameter ${parameter}, but ${all === '' ? 'none' : all}`);
  }
  return { method, path: target, query: Object.fromEntries(given), ...(body === undefined ? {} : { body }) };
}

/** Calls operations of one server. */
export type CallOperation = <Name extends OperationName>(
  name: Name,
  ...given: OperationArguments<Name>
) => Promise<OperationReply<Name>>;

/** Returns the function that calls an operation and resolves to the JSON of its reply. It rejects with OperatorError. */
export function callOperation({ json }: Requester): CallOperation {
  return async (name, ...given) => {
    const [parameters, body] = isBody(name, given) ? [{}, given[0]] : given;
    const { method, path, ...call } = operationCall(
      name,
      parameters as Readonly<Record<string, QueryValue>> | undefined,
      body,
    );
    return json(method, path, call);
  };
}

/** Whether what follows the name of an operation is its body: it has no parameters. */
function isBody(name: OperationName, given: readonly unknown[]): boolean {
  const { method, path, query } = operatorOperations[name];
  const hasParameters = query !== '' || path.includes('{');
  return !hasParameters && given.length === 1 && /^P/.test(method) && !isEmpty(given[0]);
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
