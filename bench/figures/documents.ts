/** All pages and plots of the docs that are made from result files. */
import type { ExpiriesResult } from '../expiries.ts';
import type { MassExpiryResult } from '../mass-expiry.ts';
import type { NodesResult } from '../nodes.ts';
import type { PbxReportsResult } from '../pbx-reports.ts';
import type { PeersResult } from '../peers.ts';
import type { PresenceResult } from '../presence.ts';
import type { ScaleResult } from '../scale.ts';
import { readResult } from '../shared/results.ts';
import type { SlsLogsResult } from '../sls-logs.ts';
import type { SoakResult } from '../soak.ts';
import { capacityPage } from './capacity.ts';
import { expiriesSection } from './expiries.ts';
import { nodesSection } from './nodes.ts';
import { withFigures } from './pages.ts';
import { connectionsSection, peersPlot, peersSection } from './peers.ts';
import { pbxReportsSection, presenceSection, slsLogsSection } from './protocols.ts';
import { scalePlots, scaleSection } from './scale.ts';
import { soakPlots, soakSection } from './soak.ts';

/** Returns the files of the docs, by path. `page`: the benchmarks page as it is. Throws if a result file is missing. */
export function benchmarkDocuments(page: string): Readonly<Record<string, string>> {
  const peers = readResult<PeersResult>('peers');
  const scale = readResult<ScaleResult>('scale');
  const nodes = readResult<NodesResult>('nodes');
  const soak = readResult<SoakResult>('soak');
  const plots = { peers: peersPlot(peers), ...scalePlots(scale), ...soakPlots(soak) };
  return {
    'docs/benchmarks.md': withFigures(page, [
      peersSection(peers),
      connectionsSection([peers, readResult<PeersResult>('peers-256')]),
      scaleSection(scale),
      nodesSection(nodes),
      soakSection(soak),
      expiriesSection(readResult<ExpiriesResult>('expiries'), readResult<MassExpiryResult>('mass-expiry')),
      presenceSection(readResult<PresenceResult>('presence')),
      slsLogsSection(readResult<SlsLogsResult>('sls-logs')),
      pbxReportsSection(readResult<PbxReportsResult>('pbx-reports')),
    ]),
    'docs/capacity.md': capacityPage({ nodes, scale, peers }),
    ...Object.fromEntries(Object.entries(plots).map(([name, svg]) => [`docs/benchmarks/${name}.svg`, svg])),
  };
}
