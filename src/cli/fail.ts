/** Prints one line to standard error, whatever the message quotes, and ends the process. */
export function fail(message: string, code: number): never {
  process.stderr.write(`heartbeatd: ${message.replace(/\s*[\r\n]+\s*/g, ' ')}\n`);
  process.exit(code);
}
