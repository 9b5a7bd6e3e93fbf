/** How tokens are written and read. */
import { describe, expect, it } from 'vitest';
import {
  decodeToken,
  encodeToken,
  type TokenContent,
} from '../../../../src/protocols/presence/access/token.ts';

describe('a token', () => {
  const none = { chan: new Map(), grp: new Map(), spc: new Map(), usr: new Map(), uuid: new Map() };
  const token: TokenContent = {
    issuedAt: 1_795_232_025,
    ttlMinutes: 15,
    resources: { ...none, chan: new Map([['a', 3]]) },
    patterns: { ...none, grp: new Map([['^g.*$', 1]]) },
    meta: { k: [1, 'x'] },
    uuid: 'ann',
  };

  it('decodes to what was encoded, with the key that signed it only', () => {
    const text = encodeToken(token, 'secret');
    expect(text).toMatch(/^[\w-]+$/);
    expect(decodeToken(text, 'secret')).toMatchObject({ ...token, meta: expect.anything() });
    expect(decodeToken(text, 'other')).toBeUndefined();
    const bytes = Buffer.from(text, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const bent = Buffer.from(bytes);
      bent[at] = (bent[at] ?? 0) ^ 1;
      expect(decodeToken(bent.toString('base64url'), 'secret')).toBeUndefined();
    }
    for (const rubbish of ['', 'x', 'AAAA', 'qEF2']) expect(decodeToken(rubbish, 'secret')).toBeUndefined();
  });
});
