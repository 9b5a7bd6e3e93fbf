/** Prints one line to standard error, whatever the message quotes. */
export function printFailure(message: string): void {
  process.stderr.write(`heartbeatd: ${message.replace(/\s*[\r\n]+\s*/g, ' ')}\n`);
}

/** Prints one line to standard error, whatever the message quotes, and ends the process. */
export function fail(message: string, code: number): never {
  printFailure(message);
  process.exit(code);
}
