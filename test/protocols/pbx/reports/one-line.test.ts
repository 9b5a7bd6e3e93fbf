/** Reports with any text in any field. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Report, renderReport } from '../../../../src/protocols/pbx/reports/catalog.ts';
import { shapes } from '../../../../src/protocols/pbx/reports/report-kind.ts';

const ext = (number: string) => ({ type: 'ext' as const, number });

it('a report is one line of JSON whatever its text holds, and always the same', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  const member = fc.oneof(
    text.map(ext),
    fc.record({
      type: fc.constantFrom('inbound' as const, 'outbound' as const),
      from: text,
      to: text,
      trunk: text,
    }),
  );
  const step = fc.record({
    report: fc.constantFrom('RING', 'ALERT', 'ANSWER', 'ANSWERED', 'HOLD', 'BYE'),
    callid: text,
    members: fc.array(member, { maxLength: 4 }),
  });
  fc.assert(
    fc.property(step, fc.constantFrom(...shapes), text, (report, shape, serial) => {
      const body = renderReport(report as Report, shape, serial);
      if (body === undefined) return;
      expect(body).not.toMatch(/[\r\n]/);
      expect(JSON.parse(body)).toMatchObject({ callid: report.callid });
      expect(renderReport(report as Report, shape, serial)).toBe(body);
    }),
  );
});
