/** What a setting is, and the kinds that there are. */

export interface Setting<T> {
  readonly env: string;
  readonly fallback: T;
  readonly help: string;
  /** What to write in place of the value in `--help`: `<n>`, `<url>`; none for switches. */
  readonly placeholder?: string;
  /** Says what is expected, for the error message. */
  readonly expects: string;
  /** The value must not be printed, not even to say what is wrong with it. */
  readonly isSecret?: true;
  /** Undefined: not a value of this setting. */
  parse(text: string): T | undefined;
}

/** Any text. */
export function text(env: string, fallback: string, placeholder: string, help: string): Setting<string> {
  return { env, fallback, help, placeholder, expects: 'text', parse: (value) => value };
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

/** A switch: on where it stands alone. */
export function toggle(env: string, fallback: boolean, help: string): Setting<boolean> {
  return {
    env,
    fallback,
    help,
    expects: 'true or false',
    parse: (value) => ({ true: true, '1': true, '': true, false: false, '0': false })[value.toLowerCase()],
  };
}

/** One of some words; they are added to the help. */
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

/** Items separated by commas; spaces around them and empty ones do not count. */
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
