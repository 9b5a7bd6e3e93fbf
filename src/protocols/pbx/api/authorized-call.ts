/** Calls that need a token and a permission: what each declares, and what is alike in all of them. */
import type { TObject, TProperties, TSchema } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { Reply } from '../../../http/reply.ts';
import { authorize } from '../users/authorize.ts';
import type { Permission } from '../users/permissions.ts';
import { endpoint, type PbxCall, type PbxOperation, successWith, TokenQuery, VersionParams } from './call.ts';
import type { PbxContext } from './context.ts';
import { bodyErrors, type Errno, errnos, PbxError, tokenErrors } from './errors.ts';
import { bodyReader, Field, noParameters, type Parameters } from './parameters.ts';

export interface AuthorizedCall {
  readonly name: string;
  readonly summary: string;
  /** Below the version prefix. */
  readonly path: string;
  readonly permission: Permission;
  /** Names of the parameters in the body. */
  readonly parameters?: readonly string[];
  /** Those without which the call is refused: with 20007 if there is no body at all, and with 10004 if one is blank. */
  readonly required?: readonly string[];
  /** The call is refused with 20007 without a body, also if no parameter is required. */
  readonly needsBody?: true;
  /** Members of a successful reply. */
  readonly reply: TProperties;
  /** Refusals of this call, besides those of tokens and bodies. */
  readonly errors?: readonly Errno[];
  run(parameters: Parameters, call: PbxCall): Promise<Reply>;
}

/** Returns the operation of a call: it renews the token, checks the permission, reads the body, and runs. */
export function authorizedCall(context: PbxContext, declared: AuthorizedCall): PbxOperation {
  const { name, summary, path, permission, parameters = [], required = [], reply, errors = [] } = declared;
  const needsBody = declared.needsBody === true || required.length > 0;
  const Body = bodyOf([...required, ...parameters]);
  const readBody = bodyReader(Body);
  return {
    name,
    summary,
    ...endpoint(path),
    schema: {
      params: VersionParams,
      query: TokenQuery,
      ...(required.length + parameters.length === 0 ? {} : { body: Body }),
      replies: { 200: successWith(reply) },
    },
    errors: [
      ...tokenErrors,
      ...bodyErrors,
      ...(needsBody ? [errnos.dataBlank] : []),
      ...(required.length === 0 ? [] : [errnos.parameterBlank]),
      ...errors,
    ],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, permission);
      const values = readBody(call.body);
      if (values === undefined && needsBody) throw new PbxError(errnos.dataBlank);
      if (required.some((field) => (values?.get(field) ?? '').trim() === ''))
        throw new PbxError(errnos.parameterBlank);
      return declared.run(values ?? noParameters, call);
    },
  };
}

function bodyOf(names: readonly string[]): TObject {
  return Type.Object(Object.fromEntries(names.map((name): [string, TSchema] => [name, Field])));
}

interface Download {
  readonly name: string;
  readonly summary: string;
  readonly path: string;
  readonly permission: Permission;
  /** What is downloaded. */
  readonly content: string;
  readonly errors: readonly Errno[];
  run(call: PbxCall): Promise<Reply>;
}

/** Returns the operation of a download: a GET with a random string, which the strict profile does not refuse. */
export function downloadCall(context: PbxContext, declared: Download): PbxOperation {
  const { name, summary, path, permission, content, errors } = declared;
  return {
    name,
    summary,
    ...endpoint(path),
    isDownload: true,
    schema: {
      params: VersionParams,
      query: Type.Object({ ...TokenQuery.properties, random: Type.String() }),
      replies: { 200: content },
    },
    errors: [...tokenErrors, ...errors],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, permission);
      return declared.run(call);
    },
  };
}
