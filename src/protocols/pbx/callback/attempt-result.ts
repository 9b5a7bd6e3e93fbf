/** What became of an attempt to deliver a report. Reasons are for operators, never for API clients. */
export type AttemptResult =
  | {
      readonly kind: 'replied';
      readonly status: number;
      /** That the report was sent to. */
      readonly address?: string;
      /** The reply came from this server itself. */
      readonly isSelf: boolean;
      /** At most 1 KiB of the reply's body. */
      readonly excerpt: string;
    }
  /** Nothing was sent: the name does not resolve, or no connection was made. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** Nothing was sent: the address policy refuses the target. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Nothing was sent: the certificate is not trusted. */
  | { readonly kind: 'untrusted'; readonly reason: string }
  /** The report was sent, and no readable reply came. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** Nothing was sent: the caller aborted the attempt. */
  | { readonly kind: 'aborted' };

/** Returns an error as a reason, with its code if it has one. */
export function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? error.message : `${code}: ${error.message}`.slice(0, 300);
}
