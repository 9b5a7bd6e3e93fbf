/** Which hosts this server stands in for. */

/**
 * Returns whether a host, without port, is one of the given domains or below one; `*` as a label stands for one label, and as the first
 * label for any number of them, since what is below a domain belongs to it anyway.
 */
export function makeIsEmulated(domains: readonly string[]): (host: string) => boolean {
  const patterns = domains.map((domain) => domain.toLowerCase().split('.'));
  return (host) => {
    const labels = host.toLowerCase().replace(/\.$/, '').split('.');
    return patterns.some((pattern) => {
      const from = labels.length - pattern.length;
      return from >= 0 && pattern.every((label, at) => label === '*' || label === labels[from + at]);
    });
  };
}

/** Returns the host of `host:port`, in lower case; undefined if it is malformed. */
export function hostOfTunnel(target: string): string | undefined {
  return /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253}):\d{1,5}$/i.exec(target)?.[1]?.toLowerCase();
}
