/** Refresh tokens of a Cloud PBX (Cloud PBX API v1.1.0): each is valid once, and lives as long as the token of its pair. */
import { createHash } from 'node:crypto';
import { Type } from '@sinclair/typebox';
import type { DocumentWrite } from '../../../store/store.ts';
import { documentKind, type Versioned } from '../../kit/documents.ts';
import type { PbxStore } from '../tenant.ts';
import type { TokenOwner } from './token.ts';

const refreshTokens = documentKind(
  'refreshTokens',
  Type.Object({ user: Type.String(), token: Type.String() }),
);

/** A refresh token is a secret: it is found by its hash. */
function keyOf(refreshToken: string): string {
  return createHash('sha256').update(refreshToken).digest('base64url');
}

/** Returns whose token a refresh token belongs to. */
export function readRefreshToken(
  store: PbxStore,
  refreshToken: string,
): Promise<Versioned<TokenOwner> | undefined> {
  return refreshTokens.read(store, store.tenant, keyOf(refreshToken));
}

/** Returns the write of a new refresh token. */
export function writeRefreshToken(refreshToken: string, owner: TokenOwner, ttlMs: number): DocumentWrite {
  return refreshTokens.write(keyOf(refreshToken), { user: owner.user, token: owner.token }, { ttlMs });
}

/** Returns the write that uses a refresh token up. Of several uses at the same time one is committed. */
export function useRefreshToken(refreshToken: string, version: number): DocumentWrite {
  return refreshTokens.write(keyOf(refreshToken), null, { version });
}
