/** Reads what a command is given: a file, or standard input for `-`. */
import { readFileSync } from 'node:fs';
import { UsageError } from './command.ts';

/** Returns the text of the file, or of standard input for `-`. Throws UsageError naming a file that cannot be read. */
export function readText(path: string, input: () => string): string {
  if (path === '-') return input();
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
