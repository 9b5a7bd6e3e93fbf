/** Signatures of requests, as SDKs made them. */
import { describe, expect, it } from 'vitest';
import { isSignatureValid, type SignedRequest } from '../../../../src/protocols/presence/access/signature.ts';
import { keys } from './keyset.ts';

const uuid = 'uuid=user%201%2F%C3%A9';

/** Requests as SDKs signed them, captured from the SDKs. */
const signed: readonly (readonly [string, SignedRequest, string])[] = [
  [
    'a heartbeat of the JavaScript SDK',
    {
      method: 'GET',
      path: '/v2/presence/sub-key/sub-c-demo/channel/a,b%20c/heartbeat',
      query: `channel-group=g&heartbeat=20&pnsdk=PubNub-JS-Nodejs%2F11.0.2&requestid=4781b00f-3fcd-4de4-bf75-e4f4f8429360&state=%7B%7D&timestamp=1795232012&${uuid}`,
      body: '',
    },
    'v2.yS8h5sib8RQn9ZmMddxzqkJKFZVXFUiTP1NZRabqR8M',
  ],
  [
    'characters that it encodes more than needed',
    {
      method: 'GET',
      path: '/v2/presence/sub-key/sub-c-demo/channel/a%21%7E%2A%27%28%29/uuid/user%201%2F%C3%A9/data',
      query: `pnsdk=PubNub-JS-Nodejs%2F11.0.2&requestid=d6119e17-135f-42fa-9bc0-e3afdbff622e&state=%7B%22q%22%3A%22it%27s%22%7D&timestamp=1795233752&${uuid}`,
      body: '',
    },
    'v2.hWJmne85Y-eUSn9Uxv0Fd1-FQdFL0MgoYbxtdkHiJkI',
  ],
  [
    'the same with a raw quote',
    {
      method: 'GET',
      path: '/v2/presence/sub-key/sub-c-demo/channel/a%21%7E%2A%27%28%29/uuid/user%201%2F%C3%A9/data',
      query: `pnsdk=PubNub-JS-Nodejs%2F11.0.2&requestid=d6119e17-135f-42fa-9bc0-e3afdbff622e&state=%7B%22q%22%3A%22it's%22%7D&timestamp=1795233752&${uuid}`,
      body: '',
    },
    'v2.hWJmne85Y-eUSn9Uxv0Fd1-FQdFL0MgoYbxtdkHiJkI',
  ],
  [
    'a publish by POST, signed as GET without its body',
    {
      method: 'POST',
      path: '/publish/pub-c-demo/sub-c-demo/0/a/0',
      query: `pnsdk=PubNub-JS-Nodejs%2F11.0.2&requestid=60ab34ea-e7c0-41d0-8d9e-1f3574a0022f&timestamp=1795233752&${uuid}`,
      body: '"x"',
    },
    'v2.LjRFdQtZiI0pCcIt-Bs182D3SxJnPCCxz2g3duwApvg',
  ],
  [
    'a grant with its body',
    {
      method: 'POST',
      path: '/v3/pam/sub-c-demo/grant',
      query: `pnsdk=PubNub-JS-Nodejs%2F11.0.2&requestid=94fc91c7-6e63-4cde-91cc-d17f5464ddd3&timestamp=1795232025&${uuid}`,
      body: '{"ttl":15,"permissions":{"uuid":"u","resources":{"channels":{"a":1},"groups":{},"uuids":{},"users":{},"spaces":{}},"patterns":{"channels":{},"groups":{},"uuids":{},"users":{},"spaces":{}},"meta":{}}}',
    },
    'v2.0TGiJh1p_S_NAeCDpZBBpd_wlfmj2XfmHnHdWkqYSPQ',
  ],
  [
    'a here now of the Python SDK',
    {
      method: 'GET',
      path: '/v2/presence/sub-key/sub-c-demo/channel/a,b%20c',
      query: 'limit=1000&pnsdk=PubNub-Python%2F10.4.0&timestamp=1795234393&uuid=user%201',
      body: '',
    },
    'v2.EKyq3prOW1qpd8ojFLaXEh0V-QGV0cRnFGG31dmpOJo',
  ],
  [
    'a publish by POST of the Python SDK, in the older form',
    {
      method: 'POST',
      path: '/publish/pub-c-demo/sub-c-demo/0/a/0',
      query: 'pnsdk=PubNub-Python%2F10.4.0&timestamp=1795234393&uuid=user%201',
      body: '',
    },
    'h_9GVhp2NCgnEnqHfX3vX6w9QOg7xBrLDVwZpYWN_6Q=',
  ],
];

describe('a signature', () => {
  it.each(signed)('of %s is valid for that request only', (_, request, signature) => {
    expect(isSignatureValid(signature, request, keys)).toBe(true);
    expect(isSignatureValid(signature, { ...request, query: `${request.query}1` }, keys)).toBe(false);
    expect(isSignatureValid(signature, { ...request, path: `${request.path}/` }, keys)).toBe(false);
    expect(isSignatureValid(signature, request, { ...keys, secretKey: 'other' })).toBe(false);
    // What stands behind a second question mark is signed, too.
    for (const more of ['?r=1', '&?w=1', '?&w=1'])
      expect(isSignatureValid(signature, { ...request, query: request.query + more }, keys)).toBe(false);
    expect(isSignatureValid('v2.', request, keys)).toBe(false);
    expect(isSignatureValid('', request, keys)).toBe(false);
  });

  it('may be written in either alphabet of base64, with or without padding', () => {
    for (const [, request, signature] of signed) {
      const other = signature.replaceAll('-', '+').replaceAll('_', '/');
      const padded = signature.endsWith('=') ? signature : `${signature}=`;
      for (const spelled of [other, padded, other.replaceAll('+', ' '), signature.replace(/=$/, '')])
        expect(isSignatureValid(spelled, request, keys)).toBe(true);
    }
  });

  it('of the older form is refused where it does not cover the body', () => {
    const [, request, signature] = signed.at(-1) ?? [];
    if (request === undefined || signature === undefined) throw new Error('no request');
    // Any path: the older form signs neither method nor body.
    expect(isSignatureValid(signature, { ...request, body: '' }, keys)).toBe(true);
    expect(isSignatureValid(signature, { ...request, body: '{"ttl":1}' }, keys)).toBe(false);
  });

  it('may stand anywhere in the query', () => {
    const [, request, signature] = signed[0] ?? [];
    if (request === undefined || signature === undefined) throw new Error('no request');
    const query = [`signature=${signature}`, ...request.query.split('&').reverse()].join('&');
    expect(isSignatureValid(signature, { ...request, query }, keys)).toBe(true);
  });
});
