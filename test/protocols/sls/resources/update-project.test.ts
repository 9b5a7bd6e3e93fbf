/** UpdateProject while another request changes the same project. */
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { defaultConfig } from '../../../../src/config.ts';
import { makeSlsContext } from '../../../../src/protocols/sls/context.ts';
import { createProject, tenantOf } from '../../../../src/protocols/sls/resources/projects/project.ts';
import { updateProject } from '../../../../src/protocols/sls/resources/projects/update-project.ts';
import { silentLog } from '../../../../src/settings/log.ts';
import { openEmbeddedDriver } from '../../../../src/store/embedded/driver.ts';
import { createStore } from '../../../../src/store/runtime/create-store.ts';

it('UpdateProject does not bring back a project that was deleted in the meantime', async () => {
  const store = createStore(openEmbeddedDriver());
  const context = makeSlsContext({ store, log: silentLog, wallMs: Date.now, randomBytes }, defaultConfig());
  await createProject(context, 'p', { description: 'old' });
  const { commit } = store;
  store.commit = async (options) => {
    store.commit = commit;
    await store.drop({ tenant: tenantOf('p') });
    return commit(options);
  };
  const call = {
    method: 'PUT',
    target: '/',
    project: 'p',
    logstore: '',
    group: '',
    shard: '',
    authority: 'p.sls.local',
    client: { clientAddress: '127.0.0.1' },
    headers: {},
    query: {},
    body: Buffer.from('{"description":"new"}'),
  };
  await expect(updateProject(context).run(call)).rejects.toMatchObject({ code: 'ProjectNotExist' });
  expect(await store.tenants()).toEqual([]);
  await store.close();
});
