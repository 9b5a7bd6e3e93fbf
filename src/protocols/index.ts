/** The protocols that the server speaks. A fourth one is a folder beside these and a line here. */
import { pbx } from './pbx/plugin.ts';
import { presence } from './presence/plugin.ts';
import { sls } from './sls/plugin.ts';

export const protocols = [sls, pbx, presence] as const;
