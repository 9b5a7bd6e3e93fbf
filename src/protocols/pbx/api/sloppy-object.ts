/**
 * Bodies that are almost JSON. The samples of the documents have member names without quotes (S-Series API v1.1.0, "Heartbeat
 * Packet"), and clients that paste texts together leave commas behind.
 */

const opening = /\s*\{/y;
const commas = /[\s,]*/y;
const quoted = '"(?:[^"\\\\]|\\\\.)*"';
const member = new RegExp(
  `(${quoted}|[A-Za-z_]\\w*)\\s*:\\s*(${quoted}|-?\\d+(?:\\.\\d+)?(?=[\\s,}])|true|false|null)\\s*(?=[,}])`,
  'y',
);
const closing = /\}\s*$/y;

/**
 * Returns the members of a flat object whose names may lack quotes, with any number of commas around each member; undefined for
 * anything else. Takes time in proportion to the text.
 */
export function parseSloppyObject(text: string): Record<string, unknown> | undefined {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  if (take(opening) === null) return undefined;
  const members: [string, unknown][] = [];
  for (;;) {
    take(commas);
    const found = take(member);
    if (found === null) break;
    const [, name = '', value = ''] = found;
    try {
      members.push([name.startsWith('"') ? JSON.parse(name) : name, JSON.parse(value)]);
    } catch {
      return undefined;
    }
  }
  return take(closing) === null ? undefined : Object.fromEntries(members);
}
