/** "TagResources" and "UntagResources". */
import { Type } from '@sinclair/typebox';
import { validator } from '../../../kit/validate.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { errors, logstoreErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import type { ResourceContext } from '../context.ts';
import { projectSubject } from '../projects/project.ts';
import { changeTags, maxTags, ResourceIds, readTagBody, Tag } from './tags.ts';

const NewTags = Type.Array(Tag, { minItems: 1, maxItems: maxTags });
const checkNewTags = validator(NewTags);
const Keys = Type.Array(Type.String());
const checkKeys = validator(Keys);
const tagErrors: SlsOperation['errors'] = [...logstoreErrors, 'PostBodyInvalid', 'TagsInvalid'];
const identity = {
  resourceType: Type.String({ description: 'project or logstore' }),
  resourceId: ResourceIds,
};

export function tagResources(context: ResourceContext): SlsOperation {
  return {
    name: 'TagResources',
    summary: 'Adds tags to projects or logstores; a tag with the same key is replaced',
    method: 'POST',
    path: '/tag',
    schema: { body: Type.Object({ ...identity, tags: NewTags }), replies: { 200: 'Tagged' } },
    errors: tagErrors,
    isAccountLevel: true,
    subject: projectSubject,
    async run({ body }) {
      const { resources, tags } = await readTagBody(context, body);
      const added = checkNewTags(tags, () =>
        errors.TagsInvalid('request tag key value pair size must little than 20'),
      );
      const entries = added.map(({ key, value }) => [key, value ?? ''] as const);
      for (const resource of resources)
        await changeTags(context, resource, (before) => ({ ...before, ...Object.fromEntries(entries) }));
      return emptyReply;
    },
  };
}

export function untagResources(context: ResourceContext): SlsOperation {
  return {
    name: 'UntagResources',
    summary: 'Removes tags by their keys, or all of them with `all` and no keys',
    method: 'POST',
    path: '/untag',
    schema: {
      body: Type.Object({
        ...identity,
        tags: Type.Optional(Keys),
        all: Type.Optional(Type.Boolean()),
      }),
      replies: { 200: 'Removed' },
    },
    errors: tagErrors,
    isAccountLevel: true,
    subject: projectSubject,
    async run({ body }) {
      const { resources, tags = [], all = false } = await readTagBody(context, body);
      const keys = new Set(checkKeys(tags, () => errors.PostBodyInvalid('JSON')));
      if (keys.size > maxTags) throw errors.TagsInvalid('tag key value pair count exceed');
      for (const resource of resources)
        await changeTags(context, resource, (before) =>
          all && keys.size === 0
            ? {}
            : Object.fromEntries(Object.entries(before).filter(([key]) => !keys.has(key))),
        );
      return emptyReply;
    },
  };
}
