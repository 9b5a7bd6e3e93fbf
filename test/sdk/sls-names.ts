/** The vendor's SDKs for SLS take no proxy and no address: names of projects under `sls.local` are made to resolve to this machine. */
import dns from 'node:dns';
import { afterAll, beforeAll, vi } from 'vitest';

/** Makes the names resolve while the tests of a file run. */
export function resolveSlsNames(): void {
  beforeAll(() => {
    const original = dns.lookup;
    vi.spyOn(dns, 'lookup').mockImplementation(((
      host: string,
      options: dns.LookupOptions,
      done: (...args: unknown[]) => void,
    ) => {
      if (!/(?:^|\.)sls\.local$/.test(host)) return original(host, options, done);
      return options.all === true
        ? done(null, [{ address: '127.0.0.1', family: 4 }])
        : done(null, '127.0.0.1', 4);
    }) as unknown as typeof dns.lookup);
  });
  afterAll(() => {
    vi.restoreAllMocks();
  });
}
