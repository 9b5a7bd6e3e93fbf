/** What a Redis says that it used. */
import type { Redis } from 'ioredis';

const field = (text: string, name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(text)?.[1]);

export interface RedisUse {
  readonly cpuMicros: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
}

/** Resolves with CPU time and network bytes since the start of a Redis. */
export async function redisUse(redis: Redis): Promise<RedisUse> {
  const info = String(await redis.info('everything'));
  return {
    cpuMicros: (field(info, 'used_cpu_user') + field(info, 'used_cpu_sys')) * 1e6,
    inputBytes: field(info, 'total_net_input_bytes'),
    outputBytes: field(info, 'total_net_output_bytes'),
  };
}

/** Resolves with the CPU time of a step, µs. */
export async function redisCpuMicros(redis: Redis, step: () => Promise<unknown>): Promise<number> {
  const before = await redisUse(redis);
  await step();
  return (await redisUse(redis)).cpuMicros - before.cpuMicros;
}

/** Resolves with the memory that a Redis has allocated, bytes. */
export async function redisMemory(redis: Redis): Promise<number> {
  return field(await redis.info('memory'), 'used_memory');
}

const keysAtOnce = 1_000;

/** Resolves with the bytes of all keys by their kind: what begins their name after the hash tag. */
export async function bytesByKind(redis: Redis): Promise<ReadonlyMap<string, number>> {
  const bytes = new Map<string, number>();
  for await (const keys of redis.scanStream({ count: keysAtOnce }) as AsyncIterable<string[]>) {
    const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
    for (const [at, key] of keys.entries()) {
      const name = key.slice(key.indexOf('}') + 2);
      const kind = /^(?:due|clock|n:)/.exec(name)?.[0] ?? name.slice(0, 1);
      bytes.set(kind, (bytes.get(kind) ?? 0) + Number(sizes[at]));
    }
  }
  return bytes;
}
