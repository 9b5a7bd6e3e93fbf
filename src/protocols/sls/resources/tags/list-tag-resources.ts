/** "ListTagResources". */
import { type Static, Type } from '@sinclair/typebox';
import { validator } from '../../../kit/validate.ts';
import type { SlsCall, SlsOperation } from '../../wire/call.ts';
import { errors, logstoreErrors } from '../../wire/errors.ts';
import { jsonReply } from '../../wire/reply.ts';
import { parseJson } from '../../wire/request.ts';
import type { ResourceContext } from '../context.ts';
import { logstoreNames } from '../logstores/list-logstores.ts';
import { projectNames, projectSubject, tenantOf } from '../projects/project.ts';
import {
  logstoreTagsKey,
  maxTags,
  projectTagsKey,
  ResourceIds,
  type ResourceTags,
  Tag,
  type Tagged,
  tagDocuments,
  taggedResource,
} from './tags.ts';

const checkIds = validator(ResourceIds);
const Filter = Type.Union([Type.Array(Tag, { maxItems: maxTags }), Type.Null()]);
type Filter = Static<typeof Filter>;
const checkFilter = validator(Filter);
/** Resources whose tags one reply contains. */
const pageSize = 50;

export function listTagResources(context: ResourceContext): SlsOperation {
  return {
    name: 'ListTagResources',
    summary: 'Returns the tags of projects or logstores',
    method: 'GET',
    path: '/tags',
    schema: {
      query: Type.Object({
        resourceType: Type.String({ description: 'project or logstore' }),
        resourceId: Type.Optional(
          Type.String({ description: 'names as a JSON array; absent: all resources of the type' }),
        ),
        tags: Type.Optional(Type.String({ description: 'tags to select, as a JSON array' })),
        nextToken: Type.Optional(Type.String({ description: 'where the page before ended' })),
      }),
      replies: {
        200: Type.Object({
          nextToken: Type.String(),
          tagResources: Type.Array(
            Type.Object({
              resourceType: Type.String(),
              resourceId: Type.String(),
              tagKey: Type.String(),
              tagValue: Type.String(),
            }),
          ),
        }),
      },
    },
    errors: logstoreErrors,
    isAccountLevel: true,
    subject: projectSubject,
    async run(call) {
      const { nextToken = '' } = call.query;
      const filter = checkFilter(parseParameter(call, 'tags', '[]'), () => invalid('tags'));
      if (!/^\d{0,9}$/.test(nextToken)) throw invalid('nextToken');
      const wanted = await wantedResources(context, call);
      const begin = Number(nextToken);
      const page = wanted.slice(begin, begin + pageSize);
      const tagResources: object[] = [];
      for (const { type, id, project, key } of page) {
        const found = await tagDocuments.read(context.store, tenantOf(project), key);
        for (const [tagKey, tagValue] of selectTags(found?.value ?? {}, filter))
          tagResources.push({ resourceType: type, resourceId: id, tagKey, tagValue });
      }
      const end = begin + page.length;
      return jsonReply({ nextToken: end < wanted.length ? String(end) : '', tagResources });
    },
  };
}

const invalid = (name: string) => errors.ParameterInvalid(`${name} is invalid`);

function parseParameter({ query }: SlsCall, name: string, fallback: string): unknown {
  const text = query[name];
  return parseJson(Buffer.from(text === undefined || text === '' ? fallback : text));
}

/** Returns the resources that a query names, or all of its type: every project, or the logstores of the host's project. */
async function wantedResources(context: ResourceContext, call: SlsCall): Promise<readonly Tagged[]> {
  const { resourceType: type = '', resourceId = '' } = call.query;
  if (resourceId !== '') {
    const ids = checkIds(parseParameter(call, 'resourceId', '[]'), () => invalid('resourceId'));
    return Promise.all(ids.map((id) => taggedResource(context, type, id)));
  }
  if (type.toLowerCase() === 'project') {
    const names = await projectNames(context);
    return names.map((project) => ({ type, id: project, project, key: projectTagsKey }));
  }
  if (type.toLowerCase() !== 'logstore')
    throw errors.ParameterInvalid(`The resource type is not supported: ${type}`);
  const { project } = call;
  const names = project === '' ? [] : await logstoreNames(context, project);
  return names.map((name) => ({ type, id: `${project}#${name}`, project, key: logstoreTagsKey(name) }));
}

/** Returns the tags that match any of the filter; all for an empty one. */
function selectTags(tags: ResourceTags, filter: Filter): readonly (readonly [string, string])[] {
  return Object.entries(tags)
    .filter(
      ([key, value]) =>
        filter === null ||
        filter.length === 0 ||
        filter.some((one) => one.key === key && (one.value ?? value) === value),
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
