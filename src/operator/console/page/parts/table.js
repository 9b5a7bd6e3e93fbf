/** A table of any length: only the rows that are seen exist. */
import { html, useEffect, useRef, useState } from '../ui.js';

const rowHeight = 31;
const spare = 12;

/** Whether an event came from something in the row that acts by itself. @param {Event} event */
const isInner = ({ target, currentTarget }) =>
  target !== currentTarget &&
  /** @type {Element} */ (target).closest('button, select, input, a, dialog') !== null;

/**
 * `kind`: a class of the table; `isShort`: the box is low, since more follows below it.
 * @template T
 * @param {{ caption: string, head: readonly unknown[], rows: readonly T[], cells: (row: T) => readonly unknown[], keyOf: (row: T) => string,
 *   rowClass?: (row: T) => string, onPick?: (row: T) => void, kind?: string, isShort?: boolean }} properties
 */
export function Table({ caption, head, rows, cells, keyOf, rowClass, onPick, kind = '', isShort = false }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [from, setFrom] = useState(0);
  const [height, setHeight] = useState(600);
  useEffect(() => {
    if (box.current !== null) setHeight(box.current.clientHeight || 600);
  }, [rows.length === 0]);
  const count = Math.ceil(height / rowHeight) + 2 * spare;
  const start = Math.max(0, Math.min(from, rows.length - count));
  const shown = rows.slice(start, start + count);
  const onScroll = (/** @type {Event} */ event) => {
    const top = /** @type {HTMLElement} */ (event.currentTarget).scrollTop;
    const first = Math.max(0, Math.floor(top / rowHeight) - spare);
    if (Math.abs(first - from) >= spare / 2 || first === 0) setFrom(first);
  };
  const gap = (/** @type {number} */ lines) =>
    lines > 0 &&
    html`<tr aria-hidden="true" style=${{ height: `${lines * rowHeight}px` }}><td colspan=${head.length}></td></tr>`;
  const onKey = (/** @type {KeyboardEvent} */ event, /** @type {T} */ row) => {
    if ((event.key !== 'Enter' && event.key !== ' ') || isInner(event)) return;
    event.preventDefault();
    onPick?.(row);
  };
  return html`<div class=${isShort ? 'scroll short' : 'scroll'} ref=${box} onScroll=${onScroll} tabindex="0" role="region" aria-label=${caption}>
    <table class=${kind} aria-rowcount=${rows.length + 1}>
      <caption class="visually-hidden">${caption}, ${rows.length} rows</caption>
      <thead><tr>${head.map((title) => (title === '' ? html`<td></td>` : html`<th scope="col">${title}</th>`))}</tr></thead>
      <tbody>
        ${gap(start)}
        ${shown.map(
          (row, at) => html`<tr key=${keyOf(row)} aria-rowindex=${start + at + 2}
            class=${`${rowClass?.(row) ?? ''} ${onPick === undefined ? '' : 'pick'}`}
            ...${onPick === undefined ? {} : { tabindex: 0, onClick: (/** @type {Event} */ event) => isInner(event) || onPick(row), onKeyDown: (/** @type {KeyboardEvent} */ event) => onKey(event, row) }}>
            ${cells(row)}
          </tr>`,
        )}
        ${gap(rows.length - start - shown.length)}
      </tbody>
    </table>
  </div>`;
}
