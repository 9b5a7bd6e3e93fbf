/** Reads a command line as a shell does, as far as the docs need it: quotes, variables, and no more. Pure. */

/** Returns the words of a command; `$NAME` outside single quotes is replaced. */
export function wordsOf(line: string, variables: Readonly<Record<string, string>>): readonly string[] {
  const words: string[] = [];
  const part = /'([^']*)'|"((?:[^"\\]|\\.)*)"|([^\s'"]+)|(\s+)/gy;
  let word: string | undefined;
  const expand = (text: string): string =>
    text.replace(/\$(\w+)/g, (_, name: string) => variables[name] ?? '').replace(/\\(["\\])/g, '$1');
  for (const [, single, double, bare, space] of line.matchAll(part)) {
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + (single ?? expand(double ?? bare ?? ''));
  }
  if (word !== undefined) words.push(word);
  return words;
}

export interface CurlCommand {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Returns what curl would send. Throws for a flag that the docs should not use without this reader knowing it. */
export function curlOf(words: readonly string[]): CurlCommand {
  const headers: Record<string, string> = {};
  let method: string | undefined;
  let body: string | undefined;
  let url: string | undefined;
  const rest = [...words];
  const next = (): string => rest.shift() ?? '';
  while (rest.length > 0) {
    const word = next();
    if (word === '-d') body = next();
    else if (word === '-X') method = next();
    else if (word === '-H') {
      const [name = '', ...value] = next().split(':');
      headers[name.toLowerCase()] = value.join(':').trim();
    } else if (word.startsWith('-')) throw new Error(`the docs use curl ${word}, which is not known here`);
    else url = word;
  }
  if (url === undefined) throw new Error(`no URL in ${words.join(' ')}`);
  // curl's default for -d.
  if (body !== undefined) headers['content-type'] ??= 'application/x-www-form-urlencoded';
  return { method: method ?? (body === undefined ? 'GET' : 'POST'), url, headers, body };
}
