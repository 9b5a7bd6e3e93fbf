/** The support page of Presence, from the operations of a server that does not listen. */
import { defaultConfig } from '../src/config.ts';
import { makeAccess } from '../src/protocols/presence/access/access.ts';
import { makeOwnJoins } from '../src/protocols/presence/membership/own-joins.ts';
import { presenceOperations } from '../src/protocols/presence/operations.ts';
import { makePolls } from '../src/protocols/presence/subscribe/polls.ts';
import { supportPage } from '../src/protocols/presence/support-page.ts';
import { openEmbeddedDriver } from '../src/store/embedded/driver.ts';
import { createStore } from '../src/store/runtime/create-store.ts';

/** Returns the page as Markdown. */
export async function presenceSupport(): Promise<string> {
  const wallMs = Date.now;
  const store = createStore(openEmbeddedDriver());
  try {
    return supportPage(
      presenceOperations({
        store,
        settings: defaultConfig(),
        presenceChannels: undefined,
        access: makeAccess({ store, keysets: [], verifies: false, wallMs }),
        polls: makePolls(),
        ownJoins: makeOwnJoins(),
        debug: undefined,
        wallMs,
      }),
    );
  } finally {
    await store.close();
  }
}
