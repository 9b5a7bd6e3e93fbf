/** The logger as all parts of the server see it; pino's has these members. */

type Write = (fields: Readonly<Record<string, unknown>>, message: string) => void;

export interface Log {
  debug: Write;
  info: Write;
  warn: Write;
  error: Write;
  isLevelEnabled(level: 'debug' | 'info'): boolean;
}

const ignore = (): void => {};

/** Logs nothing. */
export const silentLog: Log = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  isLevelEnabled: () => false,
};

/** Whether debug lines are written. */
export const isDebugging = (log: Log): boolean => log.isLevelEnabled('debug');
