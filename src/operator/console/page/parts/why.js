/** A button that explains in sentences why a group or a holder is as it is. */
import { curlOf, send } from '../api.js';
import { html, useRef, useState } from '../ui.js';

/** @param {{ subject: { tenant: string, group?: string, holder?: string } }} properties */
export function Why({ subject }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [sentences, setSentences] = useState(/** @type {readonly string[] | undefined} */ (undefined));
  const call = { path: '/why', query: subject };
  const ask = async () => {
    try {
      setSentences((await send(call)).sentences);
    } catch (error) {
      setSentences([error instanceof Error ? error.message : String(error)]);
    }
    queueMicrotask(() => requestAnimationFrame(() => dialog.current?.showModal()));
  };
  const name = subject.holder ?? subject.group ?? subject.tenant;
  return html`<button class="plain" title=${curlOf(call)} aria-label="why ${name}" onClick=${ask}>why</button>
    ${
      sentences !== undefined &&
      html`<dialog ref=${dialog} onClose=${() => setSentences(undefined)} aria-label="Why: ${name}">
        <ul>${sentences.map((sentence) => html`<li key=${sentence}>${sentence}</li>`)}</ul>
        <pre class="curl">${curlOf(call)}</pre>
        <p class="row end"><span></span><button autofocus onClick=${() => dialog.current?.close()}>Close</button></p>
      </dialog>`
    }`;
}
