/** An input whose text is taken when Enter is pressed or it is left. */
import { html, textIn, useEffect, useRef } from '../ui.js';

/**
 * Keeps what is typed until `value` changes or the text is refused: the page around it is rendered again with each event.
 * @param {{ value: string | undefined, input?: { current: HTMLInputElement | null }, onEnter: (text: string) => void | Promise<boolean> } & Record<string, unknown>} properties
 * `input`: gets the element. `onEnter`: resolves with false for a text that was refused.
 */
export function KeptInput({ value = '', input, onEnter, ...attributes }) {
  const own = useRef(/** @type {HTMLInputElement | null} */ (null));
  const field = input ?? own;
  const show = () => {
    if (field.current !== null) field.current.value = value;
  };
  useEffect(show, [value]);
  return html`<input ref=${field} ...${attributes}
    onChange=${async (/** @type {Event} */ event) => {
      if ((await onEnter(textIn(event))) === false) show();
    }} />`;
}
