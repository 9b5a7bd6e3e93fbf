/** `recording/get_random` and `recording/download`: the recording that a call record names, as a short sound. */
import { Type } from '@sinclair/typebox';
import { headerList } from '../../../http/reply.ts';
import { authorizedCall, downloadCall } from '../api/authorized-call.ts';
import { corsHeaders, type PbxOperation, succeedWith } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { errnos, PbxError } from '../api/errors.ts';
import { findCallRecords } from './call-records.ts';
import { issueRandom, useRandom } from './randoms.ts';
import { toneWav } from './tone.ts';

const maxNameLength = 256;
/** Of the sound; the call may have been longer. */
const maxSeconds = 5;

export function recordingGetRandom(context: PbxContext): PbxOperation {
  return authorizedCall(context, {
    name: 'PbxRecordingGetRandom',
    summary: 'Returns the random string that downloads a recording',
    path: 'recording/get_random',
    permission: 'calls',
    required: ['recording'],
    parameters: ['allowedip'],
    reply: { recording: Type.String(), random: Type.String() },
    errors: [errnos.noSuchRecording, errnos.wrongAllowedIp],
    async run(parameters, call) {
      const recording = parameters.get('recording') ?? '';
      if (recording.length > maxNameLength) throw new PbxError(errnos.parameterBlank);
      if ((await talkSeconds(context, recording)) === undefined) throw new PbxError(errnos.noSuchRecording);
      const random = await issueRandom(context, call, parameters, { kind: 'recording', recording });
      return succeedWith({ recording, random });
    },
  });
}

export function recordingDownload(context: PbxContext): PbxOperation {
  return downloadCall(context, {
    name: 'PbxRecordingDownload',
    summary: 'Downloads a recording',
    path: 'recording/download',
    permission: 'calls',
    content: 'WAV: 8 kHz, 16 bit, mono',
    errors: [errnos.wrongRandom, errnos.recordingDeleted],
    async run(call) {
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
  });
}

/** Returns how long the call of a recording lasted, seconds; undefined if no kept record names the recording. */
async function talkSeconds({ store }: PbxContext, recording: string): Promise<number | undefined> {
  const [record] = await findCallRecords(store, (kept) => kept.recording === recording);
  if (record === undefined) return undefined;
  const seconds = Number(record.talkduration);
  return Number.isFinite(seconds) ? seconds : 1;
}
