/** A log for tests: each line is its message and its fields as JSON, errors by their message. */
import { type Log, silentLog } from '../../../../src/settings/log.ts';

export function recordLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const record = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    const texts = Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? value.message : value,
    ]);
    lines.push(`${message} ${JSON.stringify(Object.fromEntries(texts))}`);
  };
  return { log: { ...silentLog, warn: record, info: record }, lines };
}
