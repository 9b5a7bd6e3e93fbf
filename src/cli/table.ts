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
