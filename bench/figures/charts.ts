/** Plots of the docs as SVG, readable on a light and on a dark page. */

export interface Bar {
  readonly label: string;
  readonly value: number;
}

const rowHeight = 24;
const labelWidth = 190;
const barWidth = 380;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

interface Size {
  readonly width: number;
  readonly height: number;
}

function svg(title: string, { width, height }: Size, content: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="#808080" role="img">
  <title>${escaped(title)}</title>
  <text x="8" y="18" font-weight="bold">${escaped(title)}</text>
${content.join('\n')}
</svg>
`;
}

/** Returns horizontal bars, the longest value at full width. */
export function barChart(title: string, unit: string, bars: readonly Bar[]): string {
  const longest = Math.max(...bars.map(({ value }) => value));
  const rows = bars.map(({ label, value }, at) => {
    const y = 34 + at * rowHeight;
    const width = Math.max(1, Math.round((value / longest) * barWidth));
    return [
      `  <text x="${labelWidth - 8}" y="${y + 13}" text-anchor="end">${escaped(label)}</text>`,
      `  <rect x="${labelWidth}" y="${y}" width="${width}" height="${rowHeight - 6}" fill="#3b82c4"/>`,
      `  <text x="${labelWidth + width + 6}" y="${y + 13}">${value.toLocaleString('en')} ${escaped(unit)}</text>`,
    ].join('\n');
  });
  return svg(title, { width: labelWidth + barWidth + 110, height: 40 + bars.length * rowHeight }, rows);
}

export interface Line {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LineChart {
  readonly title: string;
  readonly unit: string;
  readonly xLabel: string;
  /** `log`: equal steps for equal factors; all of x are above 0. */
  readonly xScale: 'linear' | 'log';
  readonly lines: readonly Line[];
}

const colours = ['#3b82c4', '#d97706', '#059669', '#b45bb4'];
const plot = { left: 70, top: 36, width: 480, height: 200 };

/** Returns the smallest end of an axis from 0 that is not below a value and has round quarters. */
export function axisTop(value: number): number {
  if (value <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * ([1, 2, 4, 6, 8].find((step) => step * unit >= value) ?? 10);
}

const labelGap = 14;

/** Returns positions that are at least `gap` apart, in the order of the given ones, from the largest on upwards. */
export function apart(positions: readonly number[], gap: number): readonly number[] {
  const moved = [...positions];
  const order = [...positions.keys()].sort((a, b) => (positions[b] ?? 0) - (positions[a] ?? 0));
  let limit = Number.POSITIVE_INFINITY;
  for (const at of order) {
    moved[at] = Math.min(positions[at] ?? 0, limit);
    limit = moved[at] - gap;
  }
  return moved;
}

/** Returns lines over a common axis that begins at 0; each line is labelled at its end. */
export function lineChart({ title, unit, xLabel, xScale, lines }: LineChart): string {
  const points = lines.flatMap((line) => line.points);
  const scaled = (x: number): number => (xScale === 'log' ? Math.log10(x) : x);
  const xs = points.map(({ x }) => scaled(x));
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  const top = axisTop(Math.max(...points.map(({ y }) => y)));
  const { left, width, height } = plot;
  const bottom = plot.top + height;
  const xOf = (x: number): number => Math.round(left + (width * (scaled(x) - low)) / (high - low || 1));
  const yOf = (y: number): number => Math.round(bottom - (height * y) / top);
  const axis = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const y = yOf(share * top);
    const text = Number((share * top).toPrecision(3)).toLocaleString('en');
    return `  <path d="M${left} ${y}h${width}" stroke="#808080" stroke-opacity="0.3"/>\n  <text x="${left - 6}" y="${y + 4}" text-anchor="end">${text}</text>`;
  });
  const ticks = (xScale === 'log' ? [...new Set(points.map(({ x }) => x))] : [low, high]).map(
    (x) => `  <text x="${xOf(x)}" y="${bottom + 16}" text-anchor="middle">${x.toLocaleString('en')}</text>`,
  );
  const labels = apart(
    lines.map(({ points: all }) => yOf(all.at(-1)?.y ?? 0) + 4),
    labelGap,
  );
  const drawn = lines.map(({ label, points: all }, at) => {
    const colour = colours[at % colours.length] ?? '';
    const path = all.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${xOf(x)} ${yOf(y)}`).join('');
    const y = labels[at] ?? 0;
    const dots =
      all.length > 12
        ? []
        : all.map((p) => `<circle cx="${xOf(p.x)}" cy="${yOf(p.y)}" r="3" fill="${colour}"/>`);
    return `  <path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}\n  <text x="${left + width + 8}" y="${y}" fill="${colour}">${escaped(label)}</text>`;
  });
  const names = `  <text x="${left}" y="${bottom + 34}">${escaped(xLabel)}</text>\n  <text x="${left + width}" y="18" text-anchor="end">${escaped(unit)}</text>`;
  const size = { width: left + width + 130, height: bottom + 44 };
  return svg(title, size, [...axis, ...ticks, names, ...drawn]);
}
