/** Logs as JSON, for web tracking and for PutLogs of clients that write no protocol buffers. */
import { type Static, Type } from '@sinclair/typebox';
import { validator } from '../../../kit/validate.ts';
import { errors } from '../../wire/errors.ts';
import { parseJson } from '../../wire/request.ts';
import type { NewLogGroup } from './log-group.ts';

const texts = Type.Record(Type.String(), Type.String());
const JsonLog = Type.Intersect([
  Type.Object({
    __time__: Type.Optional(
      Type.Union(
        [Type.Integer({ minimum: 0, maximum: 4_294_967_295 }), Type.String({ pattern: '^\\d{1,10}$' })],
        {
          description: 'when it was written, seconds since 1970; default: now',
        },
      ),
    ),
  }),
  Type.Record(Type.String({ pattern: '^(?!__time__$)' }), Type.String()),
]);

export const JsonLogs = Type.Object({
  __topic__: Type.Optional(Type.String()),
  __source__: Type.Optional(Type.String()),
  __tags__: Type.Optional(texts),
  __logs__: Type.Array(JsonLog, { minItems: 1 }),
});
const checkLogs = validator(JsonLogs);

/** Returns the log group of a JSON body. `now`: seconds since 1970. Throws PostBodyInvalid. */
export function readJsonLogs(body: Buffer, now: number): NewLogGroup {
  const { __topic__, __source__, __tags__, __logs__ }: Static<typeof JsonLogs> = checkLogs(
    parseJson(body),
    () => errors.PostBodyInvalid('JSON'),
  );
  const logs = __logs__.map((log) => timedLog(log, now));
  return {
    topic: __topic__ ?? '',
    source: __source__ ?? '',
    tags: __tags__ ?? {},
    time: now,
    times: logs.map(({ time }) => time),
    logs: logs.map(({ contents }) => contents),
  };
}

/** Separates the time of a log from its contents. Text that is no time is taken for none. */
export function timedLog(
  { __time__, ...contents }: Readonly<Record<string, string | number | undefined>>,
  now: number,
): { readonly time: number; readonly contents: Readonly<Record<string, string>> } {
  const written = __time__ === undefined || __time__ === '' ? now : Number(__time__);
  const isTime = Number.isInteger(written) && written >= 0 && written <= 4_294_967_295;
  return { time: isTime ? written : now, contents: contents as Record<string, string> };
}
