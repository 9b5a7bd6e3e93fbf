/** Who may use the API: users from the settings, or everybody. */
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { networks } from '../callback/address-policy.ts';
import { type Permission, permissions } from '../model/queries.ts';
import { isPasswordHash, verifyPassword } from './password.ts';

const Users = Type.Object(
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
            Type.Array(Type.String(), { description: 'where the user may come from; absent: anywhere' }),
          ),
          maxTokens: Type.Optional(Type.Integer({ minimum: 1 })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
const isUsers = TypeCompiler.Compile(Users);

export interface Access {
  /** Anybody may log in with any password. */
  readonly isOpen: boolean;
  /** Whether a login with what was sent as password, from that address, is right. */
  verify(user: string, sent: string, address: string): Promise<boolean>;
  permits(user: string, permission: Permission): boolean;
  /** Whether a user may come from an address. */
  isFrom(user: string, address: string): boolean;
  /** Undefined: as many as the settings allow everybody. */
  maxTokens(user: string): number | undefined;
}

/** Everybody may do everything: for tests and for trying an integration out. */
export const openAccess: Access = {
  isOpen: true,
  verify: async () => true,
  permits: () => true,
  isFrom: () => true,
  maxTokens: () => undefined,
};

/** Access from the JSON text of the file of users. Throws Error saying what is wrong with it. */
export function parseAccess(text: string): Access {
  const file: unknown = JSON.parse(text);
  if (!isUsers.Check(file)) {
    const [first] = isUsers.Errors(file);
    throw new Error(`${first?.path || 'it'}: ${first?.message ?? 'unreadable'}`);
  }
  const users = new Map(file.users.map((user) => [user.username, readUser(user)]));
  if (users.size < file.users.length) throw new Error('a username is there twice');
  return {
    isOpen: false,
    async verify(name, sent, address) {
      const user = users.get(name);
      const isRight = await verifyPassword(sent, user?.password);
      return isRight && user?.isFrom(address) === true;
    },
    permits: (name, permission) => users.get(name)?.permissions.has(permission) ?? false,
    isFrom: (name, address) => users.get(name)?.isFrom(address) ?? false,
    maxTokens: (name) => users.get(name)?.maxTokens,
  };
}

function readUser(user: Static<typeof Users>['users'][number]) {
  if (!isPasswordHash(user.password))
    throw new Error(`the password of ${user.username} is no hash: make one with --hash-password`);
  const from = user.networks === undefined ? undefined : networks(user.networks);
  return {
    password: user.password,
    permissions: new Set<Permission>(user.permissions ?? permissions),
    isFrom: (address: string) => from?.has(address) ?? true,
    maxTokens: user.maxTokens,
  };
}
