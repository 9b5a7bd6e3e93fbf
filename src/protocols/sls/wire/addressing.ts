/**
 * Which project a request is for: the first label of the host, for the API carries it nowhere else ("The Host consists of
 * a project name and an endpoint").
 */
import { isIPv4 } from 'node:net';

/** What may be called a project: what the vendor's Java client accepts. */
export const projectName = /^[0-9a-z_-]{1,128}$/;

/** The host of an authority, in lower case and without its port. */
function hostOf(authority: string): string {
  return authority.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}

/** `*.log.aliyuncs.com` stands for an endpoint with a region in front; `sls.local` for itself. */
function endsWithDomain(labels: readonly string[], domain: string): number | undefined {
  const pattern = domain.toLowerCase().split('.');
  const from = labels.length - pattern.length;
  if (from < 0) return undefined;
  return pattern.every((label, at) => label === '*' || label === labels[from + at]) ? from : undefined;
}

/** The project that the host names; undefined for a bare endpoint, an address or a single name. */
export function projectOf(authority: string, baseDomains: readonly string[]): string | undefined {
  const host = hostOf(authority);
  if (host === '' || host.startsWith('[') || isIPv4(host)) return undefined;
  const labels = host.split('.');
  for (const domain of baseDomains) {
    const before = endsWithDomain(labels, domain);
    if (before === 0) return undefined;
    if (before !== undefined) return labels.slice(0, before).join('.');
  }
  // Any other name with something behind the first label, `my-project.127.0.0.1` too.
  return labels.length > 1 ? labels[0] : undefined;
}

/** Hosts whose project a process remembers: clients keep to a few. */
const maxKnownHosts = 1_000;

/** `projectOf` for a process that sees the same hosts again and again. */
export function makeProjectOf(baseDomains: readonly string[]): (authority: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (authority) => {
    if (known.has(authority)) return known.get(authority);
    const project = projectOf(authority, baseDomains);
    if (known.size >= maxKnownHosts) known.clear();
    known.set(authority, project);
    return project;
  };
}
