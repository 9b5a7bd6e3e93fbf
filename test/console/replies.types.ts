/** Does not compile if a route returns something else than what the page reads. */
import type { Static } from '@sinclair/typebox';
import type { Clocks } from '../../src/operator/clock/clock-schema.ts';
import type * as page from '../../src/operator/console/page-types/types/replies.d.ts';
import type { RuleView } from '../../src/operator/faults/fault-routes.ts';
import type { JournalPage } from '../../src/operator/journal/journal-routes.ts';
import type { LeasesPage } from '../../src/operator/leases/list-leases.ts';
import type { Overview } from '../../src/operator/overview/overview-routes.ts';
import type { SettingView } from '../../src/operator/settings-view/settings-routes.ts';
import type { Why } from '../../src/operator/why/why-routes.ts';
import type { Shards } from '../../src/protocols/sls/operator/shard-routes.ts';

type Reads<Page, _Reply extends Page> = Page;

export type Checked = [
  Reads<page.Leases, Static<typeof LeasesPage>>,
  Reads<page.LogShards, Static<typeof Shards>>,
  Reads<page.Explanation, Static<typeof Why>>,
  Reads<page.Journal, Static<typeof JournalPage>>,
  Reads<page.Overview, Static<typeof Overview>>,
  Reads<page.Clock, Static<typeof Clocks>>,
  Reads<page.FaultRule, RuleView>,
  Reads<page.Setting, SettingView>,
];
