/** The inputs by which a view is narrowed: their text is taken when Enter is pressed or they are left. */
import { html, textIn, useEffect, useRef } from '../ui.js';

/**
 * Keeps what is typed until `value` changes: the page around it is rendered again with each event.
 * @param {{ label: string, value: string | undefined, input?: { current: HTMLInputElement | null }, onEnter: (text: string | undefined) => void } & Record<string, unknown>} properties
 * `input`: gets the element. `onEnter`: gets undefined for no text.
 */
export function SearchField({ label, value = '', input, onEnter, ...attributes }) {
  const own = useRef(/** @type {HTMLInputElement | null} */ (null));
  const field = input ?? own;
  useEffect(() => {
    if (field.current !== null) field.current.value = value;
  }, [value]);
  return html`<label>${label} <input ref=${field} ...${attributes}
    onChange=${(/** @type {Event} */ event) => onEnter(textIn(event).trim() || undefined)} /></label>`;
}
