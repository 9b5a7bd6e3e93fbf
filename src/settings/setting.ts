/** What a setting is, and the kinds of settings that exist. Each part of the server declares a table of its own settings. */

export interface Setting<T> {
  readonly env: string;
  readonly fallback: T;
  /** A noun phrase with its unit; printed by `--help` and in the docs. */
  readonly help: string;
  /** Stands for the value in `--help`: `<n>`, `<url>`; switches have none. */
  readonly placeholder?: string;
  /** The letter of the short flag. */
  readonly letter?: string;
  /** What a valid value looks like, for the error message. */
  readonly expects: string;
  /** The value must never be printed, not even in an error message. */
  readonly isSecret?: true;
  /** Returns the value, or undefined if the text is not a value of this setting. */
  parse(text: string): T | undefined;
}

/** Settings by their name in code; the flag's name is derived from it (`slsAutoCreate` is `--sls-auto-create`). */
export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

/** The values of a table's settings. */
export type SettingsOf<S extends SettingTable> = { readonly [N in keyof S]: S[N]['fallback'] };

/** A setting that cannot be used; the message is one line for the operator and begins with the setting's name. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

/** Any text. */
export function text(env: string, fallback: string, placeholder: string, help: string): Setting<string> {
  return { env, fallback, help, placeholder, expects: 'text', parse: (value) => value };
}

/** Text that must never be printed. */
export function secret(env: string, placeholder: string, help: string): Setting<string> {
  return { ...text(env, '', placeholder, help), isSecret: true };
}

/** A setting that has a short flag besides its long one. */
export function withLetter<T>(letter: string, setting: Setting<T>): Setting<T> {
  return { ...setting, letter };
}

/** A whole number within a range, both ends included. */
export function integer(
  env: string,
  fallback: number,
  range: { readonly min: number; readonly max: number },
  help: string,
): Setting<number> {
  return {
    env,
    fallback,
    help,
    placeholder: '<n>',
    expects: `a whole number from ${range.min} to ${range.max}`,
    parse(value) {
      const number = Number(value);
      return /^\d+$/.test(value) && number >= range.min && number <= range.max ? number : undefined;
    },
  };
}

/** A switch; a flag without a value turns it on. */
export function toggle(env: string, fallback: boolean, help: string): Setting<boolean> {
  return {
    env,
    fallback,
    help,
    expects: 'true or false',
    parse: (value) => ({ true: true, '1': true, '': true, false: false, '0': false })[value.toLowerCase()],
  };
}

/** One of several words, which are appended to the help text. */
export function choice<const T extends string>(
  env: string,
  fallback: NoInfer<T>,
  values: readonly T[],
  help: string,
): Setting<T> {
  return {
    env,
    fallback,
    help: `${help}: ${values.join(', ')}`,
    placeholder: '<word>',
    expects: `one of ${values.join(', ')}`,
    parse: (value) => values.find((candidate) => candidate === value),
  };
}

/** Items separated by commas; surrounding spaces and empty items are ignored. */
export function list(
  env: string,
  fallback: readonly string[],
  placeholder: string,
  help: string,
): Setting<readonly string[]> {
  return {
    env,
    fallback,
    help: `${help}, separated by commas`,
    placeholder,
    expects: 'a list separated by commas',
    parse: (value) =>
      value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
  };
}

/** A list whose items must have a form; `formInWords` describes it in the help and in errors. */
export function listOf(
  env: string,
  form: RegExp,
  { placeholder, formInWords }: { readonly placeholder: string; readonly formInWords: string },
  help: string,
): Setting<readonly string[]> {
  const plain = list(env, [], placeholder, help);
  return {
    ...plain,
    expects: `a list of ${formInWords}`,
    parse(value) {
      const items = plain.parse(value);
      return items?.every((item) => form.test(item)) === true ? items : undefined;
    },
  };
}

/** A list whose items must have a form, and that is never shown again. */
export function secretList(
  env: string,
  form: RegExp,
  formInWords: string,
  help: string,
): Setting<readonly string[]> {
  const described = `${help}: ${formInWords}`;
  return { ...listOf(env, form, { placeholder: '<secrets>', formInWords }, described), isSecret: true };
}
