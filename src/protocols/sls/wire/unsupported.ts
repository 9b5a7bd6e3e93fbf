/** Requests to a path that several calls share, whose query names none of them. */
import type { Method } from '../../kit/operation.ts';
import type { SlsCall, SlsOperation } from './call.ts';
import { errors } from './errors.ts';

export interface SharedPath {
  readonly name: string;
  readonly method: readonly Method[];
  readonly path: string;
  /** The query parameter that names the call. */
  readonly parameter: 'type' | 'action';
  /** A request without the parameter is another call. */
  readonly isOptional?: boolean;
}

/** Makes the operation that refuses such requests with ParameterInvalid. It comes last of those that share the path. */
export function refuseUnsupported({
  name,
  method,
  path,
  parameter,
  isOptional = false,
}: SharedPath): SlsOperation {
  return {
    name,
    summary: `Refuses an unsupported ${parameter}`,
    method,
    path,
    isHidden: true,
    ...(isOptional
      ? {
          when: {
            label: `other ${parameter}`,
            test: ({ query }: SlsCall) => (query[parameter] ?? '') !== '',
          },
        }
      : {}),
    schema: { replies: {} },
    errors: ['ParameterInvalid'],
    subject: () => ({}),
    run({ query }: SlsCall) {
      throw errors.ParameterInvalid(`The ${parameter} ${query[parameter] ?? ''} is not supported`);
    },
  };
}
