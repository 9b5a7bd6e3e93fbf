/** The frame of every view: header with the clock, navigation, the token dialog, keys. */
import { needsToken, send, setToken, token } from '../api.js';
import { connection, tick, useResource } from '../live.js';
import { clockTime, duration, readSelector, selectorFields } from '../names.js';
import { href, route, setQuery } from '../route.js';
import { html, signal, textIn, useEffect, useRef, useState } from '../ui.js';
import { Action, announcement, Copy, lastCurl } from './action.js';
import { SearchField } from './search-field.js';

/** Tenants that the field suggests. */
const maxSuggested = 200;
const themes = ['auto', 'light', 'dark'];
const themeKey = 'heartbeatd-theme';
const theme = signal(localStorage.getItem(themeKey) ?? 'auto');
const helpOpen = signal(false);

/** @param {string} next */
function setTheme(next) {
  theme.value = next;
  localStorage.setItem(themeKey, next);
  if (next === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
}
setTheme(theme.value);

/** Whether the clock stands; views read it for their countdowns. */
export const clockFrozen = signal(false);

const steps = [
  ['+1 s', 1_000],
  ['+30 s', 30_000],
  ['+5 m', 300_000],
  ['+30 m', 1_800_000],
];

/** @param {{ tenant: string | undefined }} properties */
function ClockBar({ tenant }) {
  const resource = useResource({ path: '/clock', query: { tenant } }, ({ type }) => type === 'clock.moved');
  const { readAt } = resource;
  const data = /** @type {import('../types/replies.js').Clock | undefined} */ (resource.data);
  if (data === undefined) return null;
  clockFrozen.value = data.frozen;
  const move = (/** @type {object} */ change) => () => ({
    method: 'POST',
    path: '/clock',
    body: tenant === undefined ? change : { tenant, ...change },
  });
  tick.value;
  const wallMs = data.dateMs + (data.frozen ? 0 : performance.now() - readAt);
  const offset = data.offsetMs > 0 ? `, ${duration(data.offsetMs)} ahead` : '';
  return html`<div class="row" role="group" aria-label="Clock${tenant === undefined ? '' : ` of ${tenant}`}">
    <span class="num nowrap" title="lease clock ${data.leaseMs}">${new Date(wallMs).toISOString().slice(0, 10)} ${clockTime(wallMs).slice(0, 8)}${' '}
      <span class=${data.frozen ? 'badge warn' : 'badge good'}>${data.frozen ? 'frozen' : 'running'}</span>${offset}</span>
    ${steps.map(([label, ms]) => html`<${Action} label=${label} call=${move({ advance: ms })} />`)}
    <${Action} label="to next deadline" call=${move({ toNext: 1 })} />
    <${Action} label=${data.frozen ? 'thaw' : 'freeze'} call=${move({ freeze: !data.frozen })} />
  </div>`;
}

const words = { connecting: ['connecting', 'warn'], live: ['live', 'good'], away: ['no connection', 'bad'] };

/** @param {{ views: readonly { id: string, title: string, key: string, View: () => unknown }[] }} properties */
export function Shell({ views }) {
  const { view, query } = route.value;
  const search = useRef(/** @type {HTMLInputElement | null} */ (null));
  const { data } = useResource({ path: '/overview' }, ({ type }) => type.startsWith('lease.'), 2_000);
  const overview = /** @type {import('../types/replies.js').Overview | undefined} */ (data);
  useKeys(views, search);
  const current = views.find(({ id }) => id === view) ?? views[0];
  const [word, kind] = words[/** @type {keyof typeof words} */ (connection.value)];
  const tenants = (overview?.tenants ?? []).slice(0, maxSuggested).map((one) => one.tenant);
  const { unknown } = readSelector(query.find ?? '');
  useEffect(() => {
    document.title = `${current.title} · heartbeatd`;
  }, [current.title]);
  return html`<a class="skip" href="#main" onClick=${skip}>Skip to the view</a>
    <header>
      <div class="brand"><img src="/_heartbeatd/console/icon.svg" alt="" /><h1>heartbeatd</h1>
        <span class="dim">${overview?.version ?? ''}</span></div>
      <span class="dim store" title="store">${overview?.store ?? ''}</span>
      ${overview !== undefined && overview.nodes.length > 1 && html`<a class="nowrap" href=${href('overview', { tenant: query.tenant })}>${overview.nodes.length} nodes</a>`}
      <span class="badge ${kind}" role="status">${word}</span>
      <span class="grow"></span>
      <${ClockBar} tenant=${query.tenant} />
      <${SearchField} label="Tenant" value=${query.tenant} list="tenants" size="16" placeholder="all"
        onEnter=${(/** @type {string | undefined} */ tenant) => setQuery({ tenant })} />
      <datalist id="tenants">${tenants.map((/** @type {string} */ name) => html`<option value=${name}></option>`)}</datalist>
      <${SearchField} label="Find" value=${query.find} input=${search} type="search" size="20" placeholder="holder:c1 group:logs*"
        onEnter=${(/** @type {string | undefined} */ find) => setQuery({ find })} />
      <label>Theme <select value=${theme.value} onChange=${(/** @type {Event} */ event) => setTheme(textIn(event))}>
        ${themes.map((name) => html`<option value=${name} selected=${name === theme.value}>${name}</option>`)}</select></label>
      <${Action} label="Reset" kind="bad" confirm=${`Bring ${query.tenant ?? 'every tenant'} back to the seed, or to nothing if the server was given none? Its leases, documents, clock, faults and requests are removed.`}
        call=${() => ({ method: 'POST', path: '/reset', body: query.tenant === undefined ? {} : { tenant: query.tenant } })} />
    </header>
    <nav aria-label="Views">${views.map(
      ({ id, title, key }) =>
        html`<a href=${href(id, { tenant: query.tenant })} aria-current=${id === current.id ? 'page' : undefined} title="g ${key}">${title}</a>`,
    )}</nav>
    ${unknown.length > 0 && html`<p class="note unknown" role="status">${unknown.join(', ')}: not a name of a selector. Its names are ${selectorFields.join(', ')} and body.<i>path</i>.</p>`}
    <main id="main" tabindex="-1"><${current.View} key=${current.id} /></main>
    <div class="visually-hidden" aria-live="polite">${announcement.value}</div>
    <${Footer} />
    <${TokenDialog} /><${HelpDialog} views=${views} />`;
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function hideFooter() {
  lastCurl.value = '';
}

/** What a button did last, as a command. */
function Footer() {
  if (lastCurl.value === '') return null;
  const isRefused = !announcement.value.endsWith('done') && !announcement.value.endsWith('copied');
  return html`<section class="panel footer" aria-label="Last call">
    <div class="row end"><div class=${isRefused ? 'error' : 'dim'}>${announcement.value}</div>
      <div class="row"><${Copy} label="Copy curl" text=${() => lastCurl.value} /><button onClick=${hideFooter}>Close</button></div></div>
    <pre class="curl">${lastCurl.value}</pre>
  </section>`;
}

function TokenDialog() {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [value, setValue] = useState('');
  const [error, setError] = useState('');
  useEffect(() => {
    if (needsToken.value) dialog.current?.showModal();
  }, [needsToken.value]);
  if (!needsToken.value) return null;
  const enter = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const before = token.value;
    token.value = value;
    try {
      await send({ path: '/clock' });
      setToken(value);
      dialog.current?.close();
    } catch (failure) {
      token.value = before;
      setError(failure instanceof Error ? failure.message : String(failure));
    }
  };
  return html`<dialog ref=${dialog} aria-label="Operator token" onCancel=${(/** @type {Event} */ event) => event.preventDefault()}>
    <form onSubmit=${enter}>
      <h2>Operator token</h2>
      <p>The server asks for the token in OPERATOR_TOKEN. It is kept until this tab is closed.</p>
      <p class="row"><input class="wide" type="password" aria-label="Token" autofocus autocomplete="off" value=${value}
        onInput=${(/** @type {Event} */ event) => setValue(textIn(event))} /><button class="main">Enter</button></p>
      ${error !== '' && html`<p class="error" role="alert">${error}</p>`}
    </form>
  </dialog>`;
}

/** @param {{ views: readonly { title: string, key: string }[] }} properties */
function HelpDialog({ views }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    if (helpOpen.value) dialog.current?.showModal();
  }, [helpOpen.value]);
  if (!helpOpen.value) return null;
  const close = () => {
    helpOpen.value = false;
  };
  const rows = [
    ['/', 'find'],
    ['j k', 'next and previous row'],
    ['.', 'pause or go on (Requests)'],
    ['?', 'this help'],
    ...views.map(({ key, title }) => [`g ${key}`, title]),
  ];
  return html`<dialog ref=${dialog} aria-label="Keys" onClose=${close}>
    <h2>Keys</h2>
    <table><tbody>${rows.map(([key, what]) => html`<tr><th scope="row"><kbd>${key}</kbd></th><td>${what}</td></tr>`)}</tbody></table>
    <p class="row end"><span></span><button autofocus onClick=${() => dialog.current?.close()}>Close</button></p>
  </dialog>`;
}

/** Pauses views that scroll by; `.` toggles it. */
export const paused = signal(false);

/** @param {readonly { id: string, key: string }[]} views @param {{ current: HTMLInputElement | null }} search */
function useKeys(views, search) {
  useEffect(() => {
    let isGoing = false;
    const onKey = (/** @type {KeyboardEvent} */ event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (event.key === 'Escape') target.blur();
      if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
        return;
      if (isGoing) {
        isGoing = false;
        const view = views.find(({ key }) => key === event.key);
        if (view !== undefined) location.hash = href(view.id, { tenant: route.value.query.tenant });
        return;
      }
      if (event.key === 'g') isGoing = true;
      else if (event.key === '/') search.current?.focus();
      else if (event.key === '?') helpOpen.value = true;
      else if (event.key === '.') paused.value = !paused.value;
      else if (event.key === 'j' || event.key === 'k') step(event.key === 'j' ? 1 : -1);
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

/** Moves the focus among the rows that can be picked. @param {number} by */
function step(by) {
  const rows = [...document.querySelectorAll('tr.pick')];
  const at = rows.indexOf(/** @type {Element} */ (document.activeElement));
  const next = rows[at === -1 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
  if (next instanceof HTMLElement) next.focus();
}
