/** The codec of each command. */
import type { CommandName } from '../../commands.ts';
import { makeBeats } from './beats.ts';
import { type Codec, list, number, text } from './codec.ts';
import { documents } from './documents.ts';
import { dumps } from './dumps.ts';
import { leases } from './leases.ts';
import { topics } from './topics.ts';

type Codecs = { readonly [N in CommandName]: Codec<N> };

const stateless: Omit<Codecs, 'beat'> = {
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

/** Returns the codecs of one driver. */
export function makeCodecs(): Codecs {
  return { beat: makeBeats(), ...stateless };
}
