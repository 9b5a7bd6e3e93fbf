import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { apart, axisTop, barChart, lineChart } from '../../bench/figures/charts.ts';
import { benchmarkDocuments } from '../../bench/figures/documents.ts';
import { withFigures } from '../../bench/figures/pages.ts';
import { grouped, machineLine, spreadText, table } from '../../bench/figures/tables.ts';
import { flatness } from '../../bench/shared/flatness.ts';
import { parseSample, requestBytes } from '../../bench/shared/load.ts';
import { median, quantile, spreadOf } from '../../bench/shared/results.ts';
import { root } from '../docs/pages.ts';

describe('the documents of the benchmarks', () => {
  const page = readFileSync(`${root}/docs/benchmarks.md`, 'utf8');
  const documents = benchmarkDocuments(page);

  it.each(Object.entries(documents))('include %s as it is made from the result files', (path, text) => {
    expect(readFileSync(`${root}/${path}`, 'utf8')).toBe(text);
  });

  it.each(Object.entries(documents))('show in %s no figure that is not a number', (_path, text) => {
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('a table', () => {
  it('has a head, a rule and a line for each row', () => {
    expect(table(['a', 'b'], [['1', '2']])).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |');
  });

  it('shows a median with its range, and without one that says nothing', () => {
    expect(spreadText({ median: 1_234.5, min: 1, max: 2_000 }, 'µs')).toBe('1,234.5 µs (1 to 2,000)');
    expect(spreadText({ median: 3, min: 3, max: 3 })).toBe('3');
    expect(spreadText(undefined)).toBe('');
    expect(grouped(1e6)).toBe('1,000,000');
  });

  it('names the machine, and the load that it had before', () => {
    const machine = { date: '2026-01-02', cpu: 'X, 2 cores', memoryGb: 8, node: 'v24.0.0' };
    expect(machineLine(machine)).toBe('2026-01-02, X, 2 cores, 8 GB, Node v24.0.0');
    expect(machineLine({ ...machine, loadBefore: 1.5 })).toMatch(/, load average 1.5 before the run$/);
  });
});

describe('a page', () => {
  const start = '<!-- made from bench/results by npm run docs -->';

  it('has its generated part replaced, and nothing else', () => {
    const before = `a\n${start}\nold\n<!-- end -->\nz`;
    expect(withFigures(before, ['one', 'two'])).toBe(`a\n${start}\n\none\n\ntwo\n\n<!-- end -->\nz`);
  });

  it('without a generated part is refused', () => {
    expect(() => withFigures('text', [])).toThrow('no part between');
  });
});

describe('a plot', () => {
  it('draws bars in proportion, and escapes their labels', () => {
    const svg = barChart('t', 'µs', [
      { label: 'a<b', value: 10 },
      { label: 'c', value: 5 },
    ]);
    expect([...svg.matchAll(/<rect [^>]*width="(\d+)"/g)].map(([, width]) => width)).toEqual(['380', '190']);
    expect(svg).toContain('a&lt;b');
  });

  it('spaces equal factors equally on a logarithmic axis', () => {
    const points = [10, 100, 1_000].map((x) => ({ x, y: 1 }));
    const svg = lineChart({
      title: 't',
      unit: 'u',
      xLabel: 'x',
      xScale: 'log',
      lines: [{ label: 'l', points }],
    });
    const [first = 0, second = 0, third = 0] = [...svg.matchAll(/cx="(\d+)"/g)].map(([, x]) => Number(x));
    expect(second - first).toBe(third - second);
  });
});

describe('an axis', () => {
  it('ends at a round number that is not below the largest value', () => {
    expect([0, 1, 3, 365, 4_100, 9_000].map(axisTop)).toEqual([1, 1, 4, 400, 6_000, 10_000]);
  });
});

describe('labels of lines', () => {
  it('that would overlap are moved upwards, the others stay', () => {
    expect(apart([100, 105, 50], 14)).toEqual([91, 105, 50]);
    expect(apart([10, 10, 10], 5)).toEqual([10, 5, 0]);
  });
});

describe('flatness', () => {
  const points = (value: (minute: number) => number) =>
    Array.from({ length: 30 }, (_, at) => ({ minute: at + 1, value: value(at + 1) }));
  const options = { warmUpMinutes: 5, tolerance: 0.05 };

  it('holds for noise around a level, and after a warm-up', () => {
    const judged = flatness(
      points((minute) => (minute <= 5 ? 10 * minute : 100 + (minute % 3))),
      options,
    );
    expect(judged?.isFlat).toBe(true);
    expect(Math.abs(judged?.slopePerHour ?? 1)).toBeLessThan(0.05);
  });

  it('does not hold for a steady growth, whose slope it states', () => {
    const judged = flatness(
      points((minute) => 100 + minute),
      options,
    );
    expect(judged?.isFlat).toBe(false);
    expect(judged?.slopePerHour).toBeCloseTo(60 / 118, 2);
  });

  it('holds for what shrinks', () => {
    expect(
      flatness(
        points((minute) => 200 - minute),
        options,
      )?.isFlat,
    ).toBe(true);
  });

  it('is not judged by few samples', () => {
    expect(flatness(points(() => 1).slice(0, 8), options)).toBeUndefined();
  });
});

describe('samples', () => {
  it('give a median, a quantile and a spread without what was no number', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
    expect(spreadOf([1.26, Number.NaN, 3.14, 2])).toEqual({ median: 2, min: 1.3, max: 3.1 });
  });

  const printed = (extra = '') =>
    `  Latency Distribution\n     99%    2.50ms\n  1234 requests in 1.00s, 1.50KB read\n${extra}Requests/sec:   1233.50\n`;

  it('are read from what wrk prints', () => {
    const sample = { requests: 1_234, perSecond: 1_233.5, p99Ms: 2.5, readBytes: 1_536 };
    expect(parseSample(printed())).toEqual(sample);
  });

  it('are refused when a request was not answered with a 2xx', () => {
    expect(() => parseSample(printed('  Non-2xx or 3xx responses: 3\n'))).toThrow('not every request');
  });

  it('count the bytes of requests as they are sent', () => {
    const get = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n';
    expect(requestBytes([{ method: 'GET', path: '/a', host: 'h' }])).toBe(get.length);
    const post =
      'POST /a HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}';
    expect(requestBytes([{ method: 'POST', path: '/a', host: 'h', body: '{}' }])).toBe(post.length);
  });
});
