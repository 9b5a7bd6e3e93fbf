/** Text tables for a terminal. Pure. */

/** Names come from clients: what a terminal would obey is written as an escape. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (control) => `\\x${(control.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`);

/** Returns rows in columns as wide as their widest cell; each line ends without spaces. */
export function table(head: readonly string[], unsafe: readonly (readonly string[])[]): string {
  const rows = unsafe.map((row) => row.map(printable));
  const widths = head.map((title, column) =>
    rows.reduce((width, row) => Math.max(width, (row[column] ?? '').length), title.length),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return `${[head, ...rows].map(line).join('\n')}\n`;
}

/** Returns a duration as people say it: `1.5 s`, `29 min 59 s`. */
export function spoken(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`;
  const seconds = Math.floor(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}
