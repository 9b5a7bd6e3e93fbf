/** Selectors of types that are not known are refused: every type that the code can emit has to be known. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../start-app.ts';

let started: StartedApp;
beforeAll(async () => {
  started = await startApp();
});
afterAll(() => started.close());

/** An event is an object whose first member is its type. */
const written = /(?:emit|append|push)\(\{ type: '([a-z]+(?:\.[a-z]+)?)'/g;

function emittedTypes(): string[] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const texts = files.map((file) => readFileSync(join('src', file), 'utf8'));
  return [...new Set(texts.flatMap((text) => [...text.matchAll(written)].map(([, type = '']) => type)))];
}

it('every type of event that the code emits can be selected', async () => {
  const types = emittedTypes();
  expect(types.length).toBeGreaterThan(9);
  const refused: unknown[] = [];
  for (const type of types) {
    const payload = { of: 'events', match: { type }, times: { atLeast: 0 } };
    const reply = await started.app.inject({ method: 'POST', url: '/_heartbeatd/verify', payload });
    if (reply.statusCode !== 200) refused.push(reply.json());
  }
  expect(refused).toEqual([]);
});
