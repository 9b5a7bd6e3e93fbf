/** The effective settings, for people who wonder why the server does what it does. */
import { Type } from '@sinclair/typebox';
import type { App } from '../../protocols/kit/protocol.ts';
import { refusals, tags } from '../schemas.ts';

const Setting = Type.Object({
  name: Type.String({ description: 'the environment variable' }),
  flag: Type.String(),
  value: Type.String({ description: '*** for a secret that is set' }),
  source: Type.String({ description: 'flag, environment, file, code or default' }),
  help: Type.String(),
  section: Type.String(),
});
/** One setting as shown. */
export type SettingView = typeof Setting.static;

/** Registers `GET /settings`. */
export function settingsRoutes(app: App, settings: () => readonly SettingView[]): void {
  app.get(
    '/settings',
    {
      schema: {
        tags,
        operationId: 'readSettings',
        summary: 'Lists the effective settings, and where each came from',
        response: { 200: Type.Object({ settings: Type.Array(Setting) }), ...refusals },
      },
    },
    async () => ({ settings: [...settings()] }),
  );
}
