/** Calls of any steps in any order: each step is played or refused, and every report can be sent to every application. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CallRefused, type OpenCall } from '../../../../src/protocols/pbx/calls/play/call.ts';
import { playStep } from '../../../../src/protocols/pbx/calls/play/play-step.ts';
import { startCall } from '../../../../src/protocols/pbx/calls/play/start-call.ts';
import type { Step } from '../../../../src/protocols/pbx/calls/play/step.ts';
import { defaultModel, type Model } from '../../../../src/protocols/pbx/model/model.ts';
import { isReport, renderReport } from '../../../../src/protocols/pbx/reports/catalog.ts';
import { shapes } from '../../../../src/protocols/pbx/reports/report-kind.ts';

const number = fc.constantFrom('1000', '1001', '1002', '1003', '6200', '6400', '6500', '6700', '555', '777');
const by = fc.constantFrom('caller' as const, 'callee' as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>(
    { step: 'dial' },
    { step: 'invite' },
    { step: 'ring' },
    { step: 'answer' },
    { step: 'voicemail' },
    { step: 'prompt' },
    { step: 'resume' },
    { step: 'fail' },
    { step: 'dtmf', key: '1' },
    { step: 'survey', result: '5' },
  ),
  fc.record({ step: fc.constant('ring' as const), to: number }),
  fc.record({
    step: fc.constantFrom('ivr' as const, 'queue' as const, 'ringGroup' as const, 'conference' as const),
    number,
  }),
  fc.record({ step: fc.constant('forward' as const), to: number }),
  fc.record({ step: fc.constant('transfer' as const), to: number, by }),
  fc.record({ step: fc.constant('consult' as const), to: number, by }),
  fc.record({
    step: fc.constant('consultation' as const),
    operate: fc.constantFrom('abort' as const, 'complete' as const, 'threeway' as const, 'swap' as const),
  }),
  fc.record({ step: fc.constant('hold' as const), by }),
  fc.record({ step: fc.constant('hangup' as const), by }),
);

/** Returns undefined for a step that is refused; any other error is a bug. */
function tryTo<T>(play: () => T): T | undefined {
  try {
    return play();
  } catch (error) {
    if (!(error instanceof CallRefused)) throw error;
    return undefined;
  }
}

it('is played or refused step by step, and leaves every telephone at rest when it is over', () => {
  const call = fc.record({ from: number, to: number, control: fc.boolean() });
  fc.assert(
    fc.property(call, fc.array(step, { maxLength: 25 }), (newCall, steps) => {
      let open: OpenCall | undefined = tryTo(() => startCall(defaultModel, newCall, '1550710849.199', 0));
      let model: Model = defaultModel;
      for (const next of [...steps, { step: 'hangup' } as const, { step: 'fail' } as const]) {
        if (open === undefined) break;
        const current: OpenCall = open;
        const played = tryTo(() => playStep(model, current, next));
        if (played === undefined) continue;
        ({ call: open, model } = played);
        for (const report of played.reports) {
          expect(isReport(report), JSON.stringify(report)).toBe(true);
          for (const shape of shapes) {
            const body = renderReport(report, shape, '1');
            if (body !== undefined) expect(() => JSON.parse(body)).not.toThrow();
          }
        }
        const records = played.reports.filter(({ report }) => report === 'NewCdr');
        expect(records).toHaveLength(open === undefined ? 1 : 0);
      }
      expect(open).toBe(undefined);
      expect(model.extensions.map(({ status }) => status)).toEqual(
        defaultModel.extensions.map(({ status }) => status),
      );
    }),
    { numRuns: 300 },
  );
});
