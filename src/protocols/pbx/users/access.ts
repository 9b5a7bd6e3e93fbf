/** Who may use the API: the users of the settings' file, or every client. */
import { type Static, Type } from '@sinclair/typebox';
import { networks } from '../../../settings/networks.ts';
import { validator } from '../../kit/validate.ts';
import { isPasswordHash, verifyPassword } from './password.ts';
import { type Permission, permissions } from './permissions.ts';

const UserFile = Type.Object(
  {
    users: Type.Array(
      Type.Object(
        {
          username: Type.String({ minLength: 1, maxLength: 256 }),
          password: Type.String({ description: 'as `heartbeatd --hash-password` prints it' }),
          permissions: Type.Optional(
            Type.Array(Type.Union(permissions.map((permission) => Type.Literal(permission))), {
              description: 'absent: all',
            }),
          ),
          networks: Type.Optional(
            Type.Array(Type.String(), { description: 'where the user may connect from; absent: anywhere' }),
          ),
          maxTokens: Type.Optional(Type.Integer({ minimum: 1 })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
const validateUserFile = validator(UserFile);

export interface Access {
  /** Any username and password are accepted. */
  readonly isOpen: boolean;
  /** Returns whether a login with that password, as it was sent, from that address is correct. */
  verify(user: string, password: string, address: string): Promise<boolean>;
  hasPermission(user: string, permission: Permission): boolean;
  /** Returns whether a user may connect from an address. */
  isFrom(user: string, address: string): boolean;
  /** Returns the user's own limit; undefined: that of the settings. */
  maxTokens(user: string): number | undefined;
}

/** Accepts every client and permits everything: for tests and for trying an integration out. */
export const openAccess: Access = {
  isOpen: true,
  verify: async () => true,
  hasPermission: () => true,
  isFrom: () => true,
  maxTokens: () => undefined,
};

/** Parses the JSON text of the file of users. Throws Error that names what is wrong with it. */
export function parseAccess(text: string): Access {
  const file = validateUserFile(
    JSON.parse(text),
    ({ path, message }) => new Error(`${path || 'file'}: ${message}`),
  );
  const users = new Map(file.users.map((user) => [user.username, readUser(user)]));
  if (users.size < file.users.length) throw new Error('a username appears twice');
  return {
    isOpen: false,
    async verify(name, password, address) {
      const user = users.get(name);
      const isCorrect = await verifyPassword(password, user?.password);
      return isCorrect && user?.isFrom(address) === true;
    },
    hasPermission: (name, permission) => users.get(name)?.permissions.has(permission) ?? false,
    isFrom: (name, address) => users.get(name)?.isFrom(address) ?? false,
    maxTokens: (name) => users.get(name)?.maxTokens,
  };
}

function readUser(user: Static<typeof UserFile>['users'][number]) {
  if (!isPasswordHash(user.password))
    throw new Error(`password of ${user.username} is not a hash; create one with heartbeatd --hash-password`);
  const allowed = user.networks === undefined ? undefined : networks(user.networks);
  return {
    password: user.password,
    permissions: new Set<Permission>(user.permissions ?? permissions),
    isFrom: (address: string) => allowed?.has(address) ?? true,
    maxTokens: user.maxTokens,
  };
}
