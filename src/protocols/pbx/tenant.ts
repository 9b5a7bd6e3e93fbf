/** The one tenant of the protocol: there is one PBX. */
import type { Tenant } from '../../store/store.ts';

export const tenant: Tenant = 'pbx/default';
