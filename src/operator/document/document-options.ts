/** What the OpenAPI document says of the server as a whole. */
import type { Protocol } from '../../protocols/kit/protocol.ts';
import { version } from '../../version.ts';

/** Returns the options of @fastify/swagger, which documents the operator routes; vendor operations document themselves. */
export function documentOptions(protocols: readonly Pick<Protocol, 'name'>[]) {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'heartbeatd',
        version,
        summary: 'Heartbeat protocols of three vendors over one lease store, and the operator API',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: 'http://127.0.0.1:8080', description: 'the default address' }],
      tags: [
        ...protocols.map(({ name }) => ({ name, description: `Operations of the ${name} protocol` })),
        { name: 'operator', description: 'Operations that no vendor has' },
      ],
      components: {
        securitySchemes: {
          operatorToken: {
            type: 'http' as const,
            scheme: 'bearer',
            description: 'OPERATOR_TOKEN, if it is set',
          },
        },
      },
      security: [{}, { operatorToken: [] }],
    },
  };
}
