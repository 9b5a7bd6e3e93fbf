/** The page: seven views and the API reference. */
import { follow } from './live.js';
import { Shell } from './parts/shell.js';
import { html, render } from './ui.js';
import { Faults } from './views/faults.js';
import { Overview } from './views/overview.js';
import { Pbx } from './views/pbx.js';
import { Presence } from './views/presence.js';
import { Reference } from './views/reference.js';
import { Requests } from './views/requests.js';
import { Settings } from './views/settings.js';
import { Sls } from './views/sls/sls.js';

const views = [
  { id: 'overview', title: 'Overview', key: 'o', View: Overview },
  { id: 'sls', title: 'SLS', key: 's', View: Sls },
  { id: 'pbx', title: 'PBX', key: 'p', View: Pbx },
  { id: 'presence', title: 'Presence', key: 'e', View: Presence },
  { id: 'requests', title: 'Requests', key: 'r', View: Requests },
  { id: 'faults', title: 'Faults', key: 'f', View: Faults },
  { id: 'settings', title: 'Settings', key: 't', View: Settings },
  { id: 'reference', title: 'API reference', key: 'a', View: Reference },
];

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
root.replaceChildren();
render(html`<${Shell} views=${views} />`, root);
follow();
