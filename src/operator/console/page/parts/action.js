/** A button that is one operator call, shown as curl. What destroys something asks once. */
import { ApiError, curlOf, send } from '../api.js';
import { html, signal, useRef, useState } from '../ui.js';

/** What happened last, read out to people who do not see the page. */
export const announcement = signal('');
/** The last call that a button made, as a command. */
export const lastCurl = signal('');

/**
 * Returns undefined if the call was refused.
 * @template T
 * @param {import('../api.js').Read<T>} call @param {string} label @returns {Promise<T | undefined>}
 */
export async function perform(call, label) {
  lastCurl.value = curlOf(call);
  try {
    const reply = await send(call);
    announcement.value = `${label}: done`;
    return reply ?? /** @type {T} */ ({});
  } catch (error) {
    announcement.value = `${label}: ${error instanceof ApiError ? error.message : String(error)}`;
    return undefined;
  }
}

/**
 * @template T
 * @param {{ label: string, call: () => import('../api.js').Read<T>, confirm?: string, kind?: string, title?: string,
 *   onDone?: (reply: T) => void, disabled?: boolean }} properties
 */
export function Action({ label, call, confirm, kind = '', title, onDone, disabled = false }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [asked, setAsked] = useState(false);
  const run = async () => {
    const reply = await perform(call(), label);
    if (reply !== undefined) onDone?.(reply);
  };
  const ask = () => {
    if (confirm === undefined) return run();
    setAsked(true);
    queueMicrotask(() => requestAnimationFrame(() => dialog.current?.showModal()));
  };
  const close = () => {
    dialog.current?.close();
    setAsked(false);
  };
  const shown = asked ? curlOf(call()) : '';
  return html`<button class=${kind} disabled=${disabled} title=${title ?? curlOf(call())} onClick=${ask}>${label}</button>
    ${
      asked &&
      html`<dialog ref=${dialog} onClose=${() => setAsked(false)} aria-label=${label}>
        <p>${confirm}</p>
        <pre class="curl">${shown}</pre>
        <p class="row end">
          <button onClick=${close}>Cancel</button>
          <button class="main" autofocus onClick=${() => {
            close();
            run();
          }}>${label}</button>
        </p>
      </dialog>`
    }`;
}

/** Copies text. @param {{ label: string, text: () => string }} properties */
export function Copy({ label, text }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      announcement.value = `${label}: copied`;
    } catch {
      announcement.value = `${label}: the browser does not allow it here`;
    }
  };
  return html`<button onClick=${copy}>${label}</button>`;
}
