/** The inputs by which a view is narrowed. */
import { html } from '../ui.js';
import { KeptInput } from './kept-input.js';

/**
 * @param {{ label: string, value: string | undefined, input?: { current: HTMLInputElement | null }, onEnter: (text: string | undefined) => void } & Record<string, unknown>} properties
 * `input`: gets the element. `onEnter`: gets undefined for no text.
 */
export const SearchField = ({ label, onEnter, ...attributes }) =>
  html`<label>${label} <${KeptInput} ...${attributes} onEnter=${(/** @type {string} */ text) => onEnter(text.trim() || undefined)} /></label>`;
