/**
 * Histograms whose series are looked up once. Those of prom-client check and hash their labels with every value, which costs as much as
 * what is measured here.
 */
import type { Metric, Registry } from 'prom-client';

/** One combination of labels. */
export interface Series {
  /** Adds a value so many times. */
  observe(value: number, times?: number): void;
}

export interface HistogramOptions {
  readonly name: string;
  readonly help: string;
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
  readonly registers: readonly Registry[];
}

/** Registers a histogram. Returns the function that adds a series: call it once for each combination of labels. */
export function makeHistogram(
  options: HistogramOptions,
): (labels: Readonly<Record<string, string>>) => Series {
  const { name, help, buckets, registers } = options;
  const all: BucketCounts[] = [];
  const metric = {
    name,
    async get() {
      return { name, help, type: 'histogram', values: all.flatMap((series) => series.values(name)) };
    },
    reset() {
      for (const series of all) series.reset();
    },
  };
  // A registry asks its metrics for no more than this.
  for (const registry of registers) registry.registerMetric(metric as unknown as Metric);
  return (labels) => {
    const series = new BucketCounts(buckets, labels);
    all.push(series);
    return series;
  };
}

class BucketCounts implements Series {
  readonly #buckets: readonly number[];
  readonly #labels: Readonly<Record<string, string>>;
  /** How many values were in each bucket and in no smaller one; the last: in none. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(buckets: readonly number[], labels: Readonly<Record<string, string>>) {
    this.#buckets = buckets;
    this.#labels = labels;
    this.#counts = new Float64Array(buckets.length + 1);
  }

  observe(value: number, times = 1): void {
    const buckets = this.#buckets;
    let at = 0;
    while (at < buckets.length && value > (buckets[at] ?? 0)) at += 1;
    this.#counts[at] = (this.#counts[at] ?? 0) + times;
    this.#sum += value * times;
  }

  /** Returns what the text format has: cumulated counts, the sum and the number of values. */
  values(name: string) {
    let total = 0;
    const bounds = [...this.#buckets.map(String), '+Inf'];
    const counts = bounds.map((le, at) => {
      total += this.#counts[at] ?? 0;
      return { labels: { le, ...this.#labels }, value: total, metricName: `${name}_bucket` };
    });
    return [
      ...counts,
      { labels: this.#labels, value: this.#sum, metricName: `${name}_sum` },
      { labels: this.#labels, value: total, metricName: `${name}_count` },
    ];
  }

  reset(): void {
    this.#counts.fill(0);
    this.#sum = 0;
  }
}
