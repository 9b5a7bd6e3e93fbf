import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { debugLog } from '../../../src/protocols/kit/debug-log.ts';

describe('the debug log', () => {
  it('writes a line with its fields at level debug', () => {
    const lines: string[] = [];
    const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
    debugLog(log)?.({ tenant: 'beacon/sea', group: 'north', holder: 'ada' }, 'lease renewed');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 20, tenant: 'beacon/sea', group: 'north', holder: 'ada', msg: 'lease renewed' },
    ]);
  });

  it('evaluates nothing while the level is off', () => {
    expect(debugLog(pino({ level: 'info' }))).toBeUndefined();
    expect(debugLog(pino({ enabled: false }))).toBeUndefined();
  });
});
