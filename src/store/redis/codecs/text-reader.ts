/** Reads a text from its start. */

export interface TextReader {
  /** Returns the next character, which stays. */
  next(): string;
  /** Returns the next `length` characters. */
  take(length: number): string;
  /** Returns the text up to the next semicolon, which is skipped. */
  until(): string;
  /** Returns a text that is written as `<length>;` and as many characters. */
  counted(): string;
}

export function textReader(text: string): TextReader {
  let at = 0;
  const until = (): string => {
    const end = text.indexOf(';', at);
    const found = text.slice(at, end);
    at = end + 1;
    return found;
  };
  return {
    next: () => text.charAt(at),
    take(length) {
      at += length;
      return text.slice(at - length, at);
    },
    until,
    counted() {
      const end = Number(until()) + at;
      const found = text.slice(at, end);
      at = end;
      return found;
    },
  };
}

/** Returns the text of UTF-8 that was read as one character per byte. */
export function utf8(latin1: string): string {
  return /[\u0080-\u00ff]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString() : latin1;
}
