/** The steps of a played call, as operators send them. */
import { type Static, type TProperties, Type } from '@sinclair/typebox';

export const PhoneNumber = Type.String({ minLength: 1, maxLength: 64 });
export const Side = Type.Union([Type.Literal('caller'), Type.Literal('callee')]);
export type Side = Static<typeof Side>;

/** What the PBX itself answers calls with, or rings extensions for. */
export const serviceKinds = ['ivr', 'queue', 'ringGroup', 'conference', 'voicemail'] as const;
export const ServiceKind = Type.Union(serviceKinds.map((kind) => Type.Literal(kind)));
export type ServiceKind = Static<typeof ServiceKind>;

/** What becomes of a consultation. The names are those of S-Series API v2.0.0, "Attended Transfer Operations". */
export const consultationOperations = ['abort', 'complete', 'threeway', 'swap'] as const;
export const ConsultationOperation = Type.Union(consultationOperations.map((name) => Type.Literal(name)));
export type ConsultationOperation = Static<typeof ConsultationOperation>;

function step<const N extends string, P extends TProperties>(name: N, properties: P, description?: string) {
  return Type.Object(
    { step: Type.Literal(name), ...properties },
    { additionalProperties: false, ...(description === undefined ? {} : { description }) },
  );
}

function service<const K extends ServiceKind>(kind: K, description: string) {
  return step(kind, { number: Type.Optional(PhoneNumber) }, description);
}

export const Step = Type.Union([
  step('dial', {}, "the API dials: the caller's own telephone rings first"),
  step('invite', {}, 'applications are asked whether an inbound call is accepted'),
  step(
    'ring',
    { to: Type.Optional(PhoneNumber) },
    'the callee rings; `to`: the extension that an IVR, a queue or a ring group connects',
  ),
  step('answer', {}),
  service('ivr', 'an IVR answers the caller'),
  service('queue', 'the caller waits in a queue'),
  service('ringGroup', 'the call is for a ring group, of which extensions ring next'),
  service('conference', 'the caller enters a conference'),
  step('voicemail', {}, 'the caller gets the voicemail of the callee'),
  step('prompt', { prompt: Type.Optional(PhoneNumber) }, 'a prompt ends; absent `prompt`: that of the IVR'),
  step('dtmf', { key: Type.String({ pattern: '^[0-9A-D*#]$' }) }),
  step('survey', { result: PhoneNumber }, 'the caller rates the call'),
  step('hold', { by: Type.Optional(Side) }),
  step('resume', {}),
  step('forward', { to: PhoneNumber }, 'the callee forwards the call to another number, which rings next'),
  step('transfer', {
    to: PhoneNumber,
    by: Type.Optional(Side),
    reported: Type.Optional(
      Type.Boolean({ description: 'false: as a transfer by the API, of which no report tells' }),
    ),
  }),
  step(
    'consult',
    { to: PhoneNumber, by: Type.Optional(Side) },
    'attended transfer: the other end is held, and the target answers',
  ),
  step('consultation', { operate: ConsultationOperation }, 'what becomes of an attended transfer'),
  step('hangup', { by: Type.Optional(Side) }),
  step('fail', {
    reason: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: '"486 Busy Here", "480 Temporarily unavailable", "DND"; default: busy',
      }),
    ),
  }),
]);
export type Step = Static<typeof Step>;
