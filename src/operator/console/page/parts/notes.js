/** Small things that several views show: errors, empty views, countdowns, curves. */
import { curlOf } from '../api.js';
import { tick } from '../live.js';
import { duration } from '../names.js';
import { html } from '../ui.js';

/** Nothing to show: the command that would change that. @param {{ what: string, command: string }} properties */
export const Empty = ({ what, command }) =>
  html`<div class="empty">${what} This command changes that:<pre>${command}</pre></div>`;

/** @param {{ error: Error | undefined }} properties */
export const Failure = ({ error }) =>
  error !== undefined && html`<p class="error" role="alert">${error.message}</p>`;

/**
 * Counts down from what was left at `readAt`, a moment of `performance.now()`; stands while the clock is frozen.
 * @param {{ ms: number, readAt: number, frozen?: boolean }} properties
 */
export function Countdown({ ms, readAt, frozen = false }) {
  // Read so that the text is made again each second.
  tick.value;
  const left = frozen ? ms : ms - (performance.now() - readAt);
  return html`<span class=${left < 5_000 ? 'num warn' : 'num'}>${duration(left)}</span>`;
}

/** A curve of the last ten minutes. @param {{ label: string, values: readonly number[], bad?: boolean }} properties */
export function Spark({ label, values, bad = false }) {
  const points = 120;
  const size = Math.ceil(values.length / points);
  const sums = Array.from({ length: points }, (_, at) =>
    values.slice(at * size, (at + 1) * size).reduce((sum, value) => sum + value, 0),
  );
  const most = Math.max(1, ...sums);
  const line = sums
    .map((sum, at) => `${at === 0 ? 'M' : 'L'}${at} ${(40 - (sum / most) * 38).toFixed(1)}`)
    .join('');
  const total = values.reduce((sum, value) => sum + value, 0);
  return html`<svg class="spark" viewBox="0 0 ${points} 41" preserveAspectRatio="none" role="img"
    aria-label="${label}: ${total} in ten minutes"><path class=${bad ? 'bad' : ''} d=${line}></path></svg>`;
}

/** @param {{ call: import('../api.js').Call }} properties */
export const CurlNote = ({ call }) => html`<pre class="curl">${curlOf(call)}</pre>`;
