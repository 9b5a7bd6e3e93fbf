/** The codec of each command. */
import type { CommandName } from '../../commands.ts';
import { beats } from './beats.ts';
import { type Codec, list, number, text } from './codec.ts';
import { documents } from './documents.ts';
import { dumps } from './dumps.ts';
import { leases } from './leases.ts';
import { topics } from './topics.ts';

export const codecs: { readonly [N in CommandName]: Codec<N> } = {
  beat: beats,
  ...leases,
  ...documents,
  ...topics,
  now: {
    encode({ tenant }, to) {
      to.push(tenant);
    },
    decode(reply) {
      const [leaseMs, wallMs, timetoken, sequence, dateMs] = list(reply);
      return {
        leaseMs: number(leaseMs),
        wallMs: number(wallMs),
        dateMs: number(dateMs),
        timetoken: BigInt(text(timetoken)),
        sequence: number(sequence),
      };
    },
  },
  drop: {
    encode({ tenant }, to) {
      to.push(tenant);
    },
    decode: () => null,
  },
  ...dumps,
};
