/** Query parameters and path spellings that operations share. */
import { type TOptional, type TString, Type } from '@sinclair/typebox';

/** Describes an optional parameter. */
export function optionalText(description: string): TOptional<TString> {
  return Type.Optional(Type.String({ description }));
}

/** Parameters that any request may carry. Others are ignored, as the real service does. */
export const commonParameters = {
  uuid: optionalText('Identifies the client; up to 92 characters of UTF-8'),
  auth: optionalText('Access key or token'),
  callback: optionalText('JSONP function to wrap the reply in'),
  signature: optionalText('Signature with the secret key'),
  timestamp: optionalText('Unix seconds, part of the signature'),
};

export const channelGroup = optionalText('Channel groups, separated by commas');
export const heartbeatSeconds = optionalText('Presence timeout in seconds');
export const keyedState = optionalText('JSON object keyed by channel or channel group');

/** The query of calls without parameters of their own. */
export const plainQuery = Type.Object(commonParameters);

/** The query of calls about channels and channel groups. */
export const channelQuery = Type.Object({ ...commonParameters, 'channel-group': channelGroup });

/** Returns a path in both spellings: SDKs write `sub-key` and `sub_key`. */
export function withBothKeyWords(path: string): { readonly path: string; readonly otherPaths: string[] } {
  return { path, otherPaths: [path.replace('/sub-key/', '/sub_key/')] };
}
