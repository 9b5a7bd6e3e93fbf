/** Entries of the table of errors: a function that makes the error, and an example of it. */
import { VendorError } from '../../kit/failure.ts';

/** A refusal in the vendor's terms. */
export class SlsError extends VendorError {
  override readonly name = 'SlsError';
}

export interface ErrorEntry<A extends readonly unknown[]> {
  (...details: A): SlsError;
  /** Returns the error as the OpenAPI document shows it. */
  example(): SlsError;
}

/** Makes an entry of the table of errors. `example`: the details of the example. */
export function entry<A extends readonly unknown[]>(
  status: number,
  code: string,
  message: (...details: A) => string,
  ...example: A
): ErrorEntry<A> {
  const make = (...details: A): SlsError => new SlsError(status, code, message(...details));
  return Object.assign(make, { example: () => make(...example) });
}
