/** Any operation of the operator API by its name, as the server's OpenAPI document has it. */
import { operatorOperations } from './operations.ts';
import { type Call, OperatorError, type QueryValue, type Requester } from './request.ts';

type Operations = typeof operatorOperations;

/** The `operationId` of an operation in the server's OpenAPI document. */
export type OperationName = keyof Operations;

type Words<Text extends string> = Text extends `${infer First} ${infer Rest}` ? First | Words<Rest> : Text;
type InPath<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | InPath<Rest>
  : never;

/** What an operation takes beside its body: every parameter of its path, and those of its query that are wanted. */
export type OperationParameters<Name extends OperationName> = {
  readonly [Parameter in InPath<Operations[Name]['path']>]: string | number;
} & {
  readonly [Parameter in Exclude<Words<Operations[Name]['query']>, ''>]?: QueryValue;
};

/** Parameters may be left out where none is needed. */
export type OperationArguments<Name extends OperationName> =
  Record<never, never> extends OperationParameters<Name>
    ? [parameters?: OperationParameters<Name>, body?: unknown]
    : [parameters: OperationParameters<Name>, body?: unknown];

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
export type CallOperation = <Reply = unknown, Name extends OperationName = OperationName>(
  name: Name,
  ...given: OperationArguments<Name>
) => Promise<Reply>;

/** Returns the function that calls an operation and resolves to the JSON of its reply. It rejects with OperatorError. */
export function callOperation({ json }: Requester): CallOperation {
  return async <Reply>(name: OperationName, parameters?: object, body?: unknown) => {
    const { method, path, ...call } = operationCall(
      name,
      parameters as Readonly<Record<string, QueryValue>> | undefined,
      body,
    );
    return json<Reply>(method, path, call);
  };
}
