/**
 * A fourth protocol, as small as one can be: `PUT /beacon/{fleet}/{ship}` renews a ship's lease, `GET /beacon/{fleet}` lists who is
 * there. It proves that a protocol is one folder and one line.
 */
import { type Static, Type } from '@sinclair/typebox';
import type { Reply } from '../../../../src/http/reply.ts';
import type { ActorKit } from '../../../../src/protocols/kit/actors/actor-kit.ts';
import type { Dialect } from '../../../../src/protocols/kit/dialect.ts';
import { dispatch } from '../../../../src/protocols/kit/dispatch.ts';
import { VendorError } from '../../../../src/protocols/kit/failure.ts';
import type { Operation } from '../../../../src/protocols/kit/operation.ts';
import type { ProtocolModule } from '../../../../src/protocols/kit/protocol.ts';
import { validator } from '../../../../src/protocols/kit/validate.ts';
import { integer } from '../../../../src/settings/setting.ts';
import type { Store } from '../../../../src/store/store.ts';

const beaconSettings = {
  beaconTtlSeconds: integer(
    'BEACON_TTL_SECONDS',
    30,
    { min: 1, max: 3_600 },
    'lifetime of a beacon, seconds',
  ),
} as const;

interface BeaconCall {
  readonly tenant: string;
  readonly fleet: string;
  readonly ship: string;
  readonly body: unknown;
}

const errors = {
  CourseInvalid: (path: string) => new VendorError(422, 'CourseInvalid', `invalid course at "${path}"`),
} as const;

const json = (status: number, body: unknown): Reply => ({
  status,
  headers: ['content-type', 'application/json'],
  body: JSON.stringify(body),
});

const Course = Type.Object({ course: Type.Integer({ minimum: 0, maximum: 359 }) });
const checkCourse = validator(Course);

function operations(store: Store, ttlMs: number): readonly Operation<BeaconCall>[] {
  const subject = ({ tenant, fleet, ship }: BeaconCall) => ({ tenant, group: fleet, holder: ship });
  return [
    {
      name: 'LightBeacon',
      summary: 'Renews the beacon of a ship',
      method: 'PUT',
      path: '/beacon/:fleet/:ship',
      schema: { body: Course, replies: { 200: Type.Object({ epoch: Type.Integer() }) } },
      errors: ['CourseInvalid'],
      subject,
      async run({ tenant, fleet, ship, body }) {
        const { course }: Static<typeof Course> = checkCourse(body, ({ path }) => errors.CourseInvalid(path));
        const groups = [{ group: fleet, data: String(course) }];
        const { leases } = await store.beat({ tenant, holder: ship, groups, ttlMs, grant: true });
        return json(200, { epoch: leases[0]?.epoch });
      },
    },
    {
      name: 'ListBeacons',
      summary: 'Lists the ships whose beacons are lit',
      method: 'GET',
      path: '/beacon/:fleet',
      schema: { replies: { 200: Type.Array(Type.String()) } },
      errors: [],
      subject,
      async run({ tenant, fleet }) {
        const { leases } = await store.members({ tenant, group: fleet, offset: 0, limit: 100 });
        return json(
          200,
          leases.map(({ holder }) => holder),
        );
      },
    },
  ];
}

const dialect: Dialect<BeaconCall> = {
  name: 'beacon',
  claims: (path) => path.startsWith('/beacon/'),
  bodyLimit: 1_024,
  read(request) {
    const { fleet = '', ship = '' } = request.params as { fleet?: string; ship?: string };
    const text = (request.body as Buffer | undefined)?.toString() ?? '';
    return { tenant: 'beacon/sea', fleet, ship, body: text === '' ? undefined : JSON.parse(text) };
  },
  error(failure) {
    if (failure.kind === 'vendor')
      return json(failure.error.status, { code: failure.error.code, message: failure.error.message });
    return json(failure.kind === 'bug' ? 500 : 400, { code: failure.kind });
  },
  sampleError: (name) => (name === 'CourseInvalid' ? errors.CourseInvalid('/course') : undefined),
  describeError: () => ({ status: 422, example: { code: 'CourseInvalid' } }),
};

/** Ships that the server simulates. */
function shipActors(ttlSeconds: number): ActorKit {
  return {
    behaviours: { lit: 'renews its beacon', silent: 'lets its beacon go out' },
    fields: { course: Type.Optional(Type.Integer()) },
    create({ group: fleet, name: ship }, { fields: { course = 0 } }, send) {
      let lit = 0;
      return {
        everyMs: (ttlSeconds * 1_000) / 3,
        async turn() {
          const url = `/beacon/${fleet}/${ship}`;
          const reply = await send({ method: 'PUT', url, body: JSON.stringify({ course }) });
          if (reply?.status === 200) lit += 1;
          return reply === undefined || reply.status === 200 ? undefined : reply.body;
        },
        async behave() {},
        async leave() {},
        holds: (group, holder) => group === fleet && holder === ship,
        view: () => ({ lit }),
      };
    },
  };
}

export const beacon = {
  name: 'beacon',
  title: 'Beacon',
  settings: beaconSettings,
  create: ({ store, interceptor }, { beaconTtlSeconds }) => ({
    ...dispatch({ dialect, operations: operations(store, beaconTtlSeconds * 1_000), interceptor }),
    actors: shipActors(beaconTtlSeconds),
  }),
} satisfies ProtocolModule<typeof beaconSettings>;
