/**
 * The project of a request is the first label of its host; the API carries it nowhere else ("The Host consists of a project
 * name and an endpoint").
 */
import { isIPv4 } from 'node:net';
import { makeBoundedMap } from '../../kit/bounded-map.ts';

/** Valid project names, as the vendor's Java client checks them. */
export const projectName = /^[0-9a-z_-]{1,128}$/;

/** Returns the host of an authority, in lower case and without its port. */
export function hostOf(authority: string): string {
  return authority.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}

/**
 * Returns how many labels come before the domain, or undefined if the host does not end with it. `*` matches one label, such as the
 * region in `*.log.aliyuncs.com`.
 */
function labelsBefore(labels: readonly string[], domain: string): number | undefined {
  const pattern = domain.toLowerCase().split('.');
  const from = labels.length - pattern.length;
  if (from < 0) return undefined;
  return pattern.every((label, at) => label === '*' || label === labels[from + at]) ? from : undefined;
}

/** Returns the project that the host names; undefined for a bare endpoint, an IP address or a single label. */
export function projectOf(authority: string, baseDomains: readonly string[]): string | undefined {
  const host = hostOf(authority);
  if (host === '' || host.startsWith('[') || isIPv4(host)) return undefined;
  const labels = host.split('.');
  for (const domain of baseDomains) {
    const before = labelsBefore(labels, domain);
    if (before === 0) return undefined;
    if (before !== undefined) return labels.slice(0, before).join('.');
  }
  // Any other host of several labels, such as `my-project.127.0.0.1`.
  return labels.length > 1 ? labels[0] : undefined;
}

/**
 * Makes a test whether a host is one of the service, whose every path is answered as the service would: a base domain, a name within one, or
 * a name before an IPv4 address or `localhost`, as only clients of the service write them.
 */
export function makeIsServiceHost(baseDomains: readonly string[]): (authority: string) => boolean {
  return (authority) => {
    const labels = hostOf(authority).split('.');
    return (
      baseDomains.some((domain) => labelsBefore(labels, domain) !== undefined) ||
      (labels.length === 2 && labels[1] === 'localhost') ||
      (labels.length === 5 && isIPv4(labels.slice(1).join('.')))
    );
  };
}

/** Maximum hosts whose project is cached; clients use a few. */
const maxCachedHosts = 1_000;

/** Makes a `projectOf` that caches the result per host. */
export function makeProjectOf(baseDomains: readonly string[]): (authority: string) => string | undefined {
  const cache = makeBoundedMap<string, { readonly project: string | undefined }>(maxCachedHosts);
  return (authority) => {
    const cached = cache.get(authority);
    if (cached !== undefined) return cached.project;
    const project = projectOf(authority, baseDomains);
    cache.set(authority, { project });
    return project;
  };
}
