/** `recording/get_random` and `recording/download`: the recording that a call record names, as a short sound. */
import { Type } from '@sinclair/typebox';
import { headerList } from '../../../http/reply.ts';
import {
  corsHeaders,
  endpoint,
  type PbxOperation,
  succeedWith,
  successWith,
  TokenQuery,
  VersionParams,
} from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { bodyErrors, errnos, PbxError, tokenErrors } from '../api/errors.ts';
import { bodyReader, Field } from '../api/parameters.ts';
import { authorize } from '../users/authorize.ts';
import { findCallRecords } from './call-records.ts';
import { issueRandom, useRandom } from './randoms.ts';
import { toneWav } from './tone.ts';

const Body = Type.Object({ recording: Field, allowedip: Field });
const readBody = bodyReader(Body);
const maxNameLength = 256;
/** Of the sound; the call may have been longer. */
const maxSeconds = 5;

export function recordingGetRandom(context: PbxContext): PbxOperation {
  return {
    name: 'PbxRecordingGetRandom',
    summary: 'Returns the random string that downloads a recording',
    ...endpoint('recording/get_random'),
    schema: {
      params: VersionParams,
      query: TokenQuery,
      body: Body,
      replies: { 200: successWith({ recording: Type.String(), random: Type.String() }) },
    },
    errors: [
      ...tokenErrors,
      ...bodyErrors,
      errnos.dataBlank,
      errnos.parameterBlank,
      errnos.noSuchRecording,
      errnos.wrongAllowedIp,
    ],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'calls');
      const parameters = readBody(call.body);
      if (parameters === undefined) throw new PbxError(errnos.dataBlank);
      const recording = parameters.get('recording') ?? '';
      if (recording === '' || recording.length > maxNameLength) throw new PbxError(errnos.parameterBlank);
      if ((await talkSeconds(context, recording)) === undefined) throw new PbxError(errnos.noSuchRecording);
      const random = await issueRandom(context, call, parameters, { kind: 'recording', recording });
      return succeedWith({ recording, random });
    },
  };
}

export function recordingDownload(context: PbxContext): PbxOperation {
  return {
    name: 'PbxRecordingDownload',
    summary: 'Downloads a recording',
    ...endpoint('recording/download'),
    isDownload: true,
    schema: {
      params: VersionParams,
      query: Type.Object({ ...TokenQuery.properties, random: Type.String() }),
      replies: { 200: 'WAV: 8 kHz, 16 bit, mono' },
    },
    errors: [...tokenErrors, errnos.wrongRandom, errnos.recordingDeleted],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'calls');
      const { recording } = await useRandom(context, call, call.query.random, 'recording');
      const seconds = await talkSeconds(context, recording);
      // Its record is not kept any more.
      if (seconds === undefined) throw new PbxError(errnos.recordingDeleted);
      const headers = headerList({
        ...corsHeaders,
        'content-type': 'audio/wav',
        'content-disposition': `attachment; filename="${recording.replaceAll(/[^\w.-]/g, '_')}"`,
      });
      return { status: 200, headers, body: toneWav(Math.min(Math.max(seconds, 1), maxSeconds)) };
    },
  };
}

/** Returns how long the call of a recording lasted, seconds; undefined if no kept record names the recording. */
async function talkSeconds({ store }: PbxContext, recording: string): Promise<number | undefined> {
  const [record] = await findCallRecords(store, (kept) => kept.recording === recording);
  if (record === undefined) return undefined;
  const seconds = Number(record.talkduration);
  return Number.isFinite(seconds) ? seconds : 1;
}
