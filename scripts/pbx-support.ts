/** The support page of the PBX, from the operations of a server that does not listen. */
import { randomBytes } from 'node:crypto';
import { defaultConfig } from '../src/config.ts';
import { makePbxContext } from '../src/protocols/pbx/api/context.ts';
import { pbxOperations } from '../src/protocols/pbx/api/operations.ts';
import { supportPage } from '../src/protocols/pbx/support-page.ts';
import { silentLog } from '../src/settings/log.ts';
import { openEmbeddedDriver } from '../src/store/embedded/driver.ts';
import { createStore } from '../src/store/runtime/create-store.ts';

/** Returns the page as Markdown. The Cloud flavour has every call. */
export async function pbxSupport(): Promise<string> {
  const store = createStore(openEmbeddedDriver());
  try {
    const protocolContext = { store, log: silentLog, wallMs: Date.now, randomBytes };
    const context = makePbxContext(protocolContext, { ...defaultConfig(), pbxFlavour: 'cloud' });
    const page = supportPage(pbxOperations(context));
    context.tokens.stop();
    return page;
  } finally {
    await store.close();
  }
}
