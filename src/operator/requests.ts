/** How the operator API reads bodies: JSON whatever the Content-Type says. */
import type { App } from '../protocols/kit/protocol.ts';

/**
 * Bodies are JSON with any Content-Type, curl's default included: requests of web pages were refused before their body is read.
 */
export function readRequests(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    if (body.toString().trim() === '') return done(null, undefined);
    try {
      done(null, JSON.parse(body.toString()));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      done(Object.assign(new Error(`the body is not JSON: ${message}`), { statusCode: 400 }), undefined);
    }
  });
}
