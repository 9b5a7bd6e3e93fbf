/** Bodies and queries of SLS requests: the single source of validation, types and the OpenAPI document. */
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';

const shardIds = Type.Array(Type.Integer({ minimum: 0, maximum: 2_147_483_647 }), { maxItems: 10_000 });

/** Documents of two editions show an object around the list; no client sends it, and it is understood all the same. */
export const HeartbeatBody = Type.Union([shardIds, Type.Object({ shards: shardIds })]);

export const CreateProjectBody = Type.Object({
  projectName: Type.String(),
  description: Type.Optional(Type.String({ maxLength: 1_024 })),
});
export const UpdateProjectBody = Type.Object({ description: Type.String({ maxLength: 1_024 }) });

const logstoreSettings = {
  ttl: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 })),
  enable_tracking: Type.Optional(Type.Boolean()),
  autoSplit: Type.Optional(Type.Boolean()),
  // One SDK says -1 where its caller said nothing.
  maxSplitShard: Type.Optional(Type.Integer({ minimum: -1, maximum: 256 })),
  appendMeta: Type.Optional(Type.Boolean()),
  telemetryType: Type.Optional(Type.String({ maxLength: 128 })),
};
export const CreateLogstoreBody = Type.Object({
  logstoreName: Type.String(),
  shardCount: Type.Optional(Type.Integer()),
  ...logstoreSettings,
});
export const UpdateLogstoreBody = Type.Object({
  ...logstoreSettings,
  shardCount: Type.Optional(Type.Integer()),
});

export const CreateGroupBody = Type.Object({
  consumerGroup: Type.String(),
  timeout: Type.Integer(),
  order: Type.Optional(Type.Boolean()),
});
export const UpdateGroupBody = Type.Object({
  timeout: Type.Optional(Type.Integer()),
  order: Type.Optional(Type.Boolean()),
});

export const CheckpointBody = Type.Object({
  shard: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }),
  checkpoint: Type.String(),
});

const texts = Type.Record(Type.String(), Type.String());
export const WebtrackingBody = Type.Object({
  __topic__: Type.Optional(Type.String()),
  __source__: Type.Optional(Type.String()),
  __tags__: Type.Optional(texts),
  __logs__: Type.Array(texts, { minItems: 1 }),
});

export const checks = {
  checkpoint: TypeCompiler.Compile(CheckpointBody),
  webtracking: TypeCompiler.Compile(WebtrackingBody),
  heartbeat: TypeCompiler.Compile(HeartbeatBody),
  createProject: TypeCompiler.Compile(CreateProjectBody),
  updateProject: TypeCompiler.Compile(UpdateProjectBody),
  createLogstore: TypeCompiler.Compile(CreateLogstoreBody),
  updateLogstore: TypeCompiler.Compile(UpdateLogstoreBody),
  createGroup: TypeCompiler.Compile(CreateGroupBody),
  updateGroup: TypeCompiler.Compile(UpdateGroupBody),
} as const;
