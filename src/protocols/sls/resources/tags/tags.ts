/** Tags of projects and logstores: one document for each resource that has any, in its project's tenant. */
import { type Static, Type } from '@sinclair/typebox';
import { documentKind } from '../../../kit/documents.ts';
import { retryOnConflict } from '../../../kit/retry-on-conflict.ts';
import { validator } from '../../../kit/validate.ts';
import { errors } from '../../wire/errors.ts';
import { parseJson } from '../../wire/request.ts';
import type { ResourceContext } from '../context.ts';
import { readLogstore } from '../logstores/logstore-store.ts';
import { readProject, tenantOf } from '../projects/project.ts';

export const maxTags = 20;

const tagText = { maxLength: 128 };
/** Key and value of a tag; a list may select by the key alone. */
export const Tag = Type.Object({
  key: Type.String({ ...tagText, minLength: 1 }),
  value: Type.Optional(Type.Union([Type.String(tagText), Type.Null()])),
});

export const ResourceTags = Type.Record(Type.String(), Type.String());
export type ResourceTags = Static<typeof ResourceTags>;
export const tagDocuments = documentKind('tags', ResourceTags);

/** Key of the document of a project's own tags. */
export const projectTagsKey = 'project';
/** Key of the document of a logstore's tags. */
export const logstoreTagsKey = (logstore: string): string => `logstore/${logstore}`;

/** A resource that can have tags. */
export interface Tagged {
  readonly type: string;
  readonly id: string;
  readonly project: string;
  readonly key: string;
}

export const ResourceIds = Type.Array(Type.String({ maxLength: 256 }), { minItems: 1, maxItems: 50 });
const Body = Type.Object({
  resourceType: Type.String(),
  resourceId: ResourceIds,
  tags: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 100 })),
  all: Type.Optional(Type.Boolean()),
});
const checkBody = validator(Body);

/** Reads the body of a call that changes tags. Throws PostBodyInvalid and what `taggedResource` throws. */
export async function readTagBody(context: ResourceContext, body: Buffer) {
  const { resourceType, resourceId, ...rest } = checkBody(parseJson(body), () =>
    errors.PostBodyInvalid('JSON'),
  );
  const resources: Tagged[] = [];
  for (const id of resourceId) resources.push(await taggedResource(context, resourceType, id));
  return { resources, ...rest };
}

/**
 * Returns the resource of a type and an id, `project` or `project#logstore`. Throws ParameterInvalid, ProjectNotExist and
 * LogStoreNotExist.
 */
export async function taggedResource(context: ResourceContext, type: string, id: string): Promise<Tagged> {
  const [project = '', logstore = ''] = id.split('#', 2);
  switch (type.toLowerCase()) {
    case 'project':
      await readProject(context, project);
      return { type, id, project, key: projectTagsKey };
    case 'logstore':
      await readLogstore(context, { project, logstore });
      return { type, id, project, key: logstoreTagsKey(logstore) };
    default:
      throw errors.ParameterInvalid(`The resource type is not supported: ${type}`);
  }
}

/** Changes the tags of a resource by compare-and-swap. Throws PostBodyInvalid if they become too many. */
export async function changeTags(
  { store }: ResourceContext,
  { project, key }: Tagged,
  change: (tags: ResourceTags) => ResourceTags,
): Promise<void> {
  const tenant = tenantOf(project);
  await retryOnConflict(async () => {
    const found = await tagDocuments.read(store, tenant, key);
    const tags = change(found?.value ?? {});
    const count = Object.keys(tags).length;
    if (count > maxTags) throw errors.TagsInvalid('tag key value pair count exceed');
    const { version = 0 } = found ?? {};
    const write = tagDocuments.write(key, count === 0 ? null : tags, { version });
    const { committed } = await store.commit({ tenant, writes: [write] });
    return committed ? true : undefined;
  });
}
