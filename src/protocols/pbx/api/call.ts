/** A request of the API as its operations get it, what an operation is, and how it replies. */
import { type TProperties, Type } from '@sinclair/typebox';
import { headerList, type Reply } from '../../../http/reply.ts';
import type { Operation } from '../../kit/operation.ts';
import type { Body } from './parameters.ts';

export interface PbxCall {
  /** The version prefix of the path, for example `v1.1.0`. */
  readonly version: string;
  /** What follows the version in the path of a request that no call takes; else empty. */
  readonly endpoint: string;
  /** Empty if the request has none. */
  readonly token: string;
  readonly body: Body;
  readonly query: Readonly<Record<string, unknown>>;
  readonly isGet: boolean;
  /** The documents are applied to the letter: a heartbeat has its required parameters, and every request is a POST. */
  readonly isStrict: boolean;
  /** The client's address. */
  readonly peer: string;
}

export interface PbxOperation extends Operation<PbxCall> {
  /** GET is refused with 20001. Other calls accept it as a POST with an empty body, since real clients send it. */
  readonly isPostOnly?: true;
  /** The documents have it as GET: it is never refused. */
  readonly isDownload?: true;
  /** Whose tenant it is follows from this parameter; absent: from the token. */
  readonly tenantFrom?: 'username' | 'refreshtoken';
  /** Gives every request that reaches it the same reply, whatever its version and method. */
  readonly isCatchAll?: true;
}

/** A version prefix: `v` and digits with dots. Clients mix those of the documents, and a misprint of one. */
export const versionPrefix = /^v\d+(?:\.\d+)*$/;

/** Path parameters of every call. */
export const VersionParams = Type.Object({
  version: Type.String({
    pattern: versionPrefix.source,
    description: 'version prefix; a token is valid under every prefix',
  }),
});

/** Query parameters of every call that needs a token. */
export const TokenQuery = Type.Object({
  token: Type.String({ description: 'from the reply to a login' }),
});

/** Where a call is: its name below the version prefix, with or without a slash at the end. */
export function endpoint(name: string): Pick<PbxOperation, 'method' | 'path' | 'otherPaths'> {
  return { method: 'POST', path: `/api/:version/${name}`, otherPaths: [`/api/:version/${name}/`] };
}

/** Schema of a reply that has these members besides its status. */
export function successWith<P extends TProperties>(properties: P) {
  return Type.Object({ status: Type.Literal('Success'), ...properties });
}

export const corsHeaders = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, OPTIONS, PUT, DELETE',
} as const;

/** Headers of every reply. Shared, so that replies are sent without making them again. */
export const replyHeaders = headerList({ ...corsHeaders, 'content-type': 'application/json' });

/** The reply of a call that returns nothing. */
export const success: Reply = { status: 200, headers: replyHeaders, body: '{"status":"Success"}' };

/** Returns a success reply with members. Some clients search the raw text, so the order of members is the documents'. */
export function succeedWith(members: Readonly<Record<string, unknown>>): Reply {
  return { status: 200, headers: replyHeaders, body: JSON.stringify({ status: 'Success', ...members }) };
}
