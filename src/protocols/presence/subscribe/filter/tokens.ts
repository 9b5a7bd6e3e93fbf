/** Splits filter expressions into tokens. Pure. */

/** The expression is malformed. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}

/** The expression is larger than the server evaluates. The message names the bound. */
export class FilterTooLarge extends FilterError {}

export interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'sign' | 'end';
  readonly text: string;
}

const maxCharacters = 8_192;

const token =
  /\s*(?:(?<number>0x[\da-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?<name>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)|(?<sign>\|\||&&|==|!=|<=|>=|[-+*/%<>!~&|^()[\],.]))/iuy;

export const end: Token = { kind: 'end', text: 'the end' };

/** Returns the tokens of an expression, `end` last. Throws FilterError for other characters, and for too many of them. */
export function tokenize(expression: string): readonly Token[] {
  if (expression.length > maxCharacters) throw new FilterTooLarge(`at most ${maxCharacters} characters`);
  const tokens: Token[] = [];
  let at = 0;
  const { length } = expression.trimEnd();
  while (at < length) {
    token.lastIndex = at;
    const groups = token.exec(expression)?.groups;
    if (groups === undefined) throw new FilterError(`unexpected character at ${at + 1}`);
    at = token.lastIndex;
    for (const kind of ['number', 'text', 'name', 'sign'] as const) {
      const text = groups[kind];
      if (text !== undefined) tokens.push({ kind, text });
    }
  }
  tokens.push(end);
  return tokens;
}
