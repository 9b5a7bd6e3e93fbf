/** What every part of the page is made of: templates, state, and hooks. */

import htm from './vendor/htm.js';
import { h, render } from './vendor/preact.js';

export { useEffect, useRef, useState } from './vendor/hooks.js';
export { computed, effect, signal } from './vendor/signals.js';
export { render };

/** Tagged template that makes elements. */
export const html = htm.bind(h);

/** The text of the field that an event came from. @param {Event} event */
export const textIn = (event) => /** @type {HTMLInputElement} */ (event.currentTarget).value;
