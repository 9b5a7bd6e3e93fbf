import { createConfig, lintFromString } from '@redocly/openapi-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readOperations } from '../fuzz/document.ts';
import { mismatch } from '../fuzz/schema.ts';
import { type StartedApp, startApp } from '../start-app.ts';

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId?: string }>>>>;
}

let started: StartedApp;
let text: string;
beforeEach(async () => {
  started = await startApp();
  text = (await started.app.inject('/_heartbeatd/openapi.json')).body;
});
afterEach(() => started.close());

it('the OpenAPI document has no fault under a strict linter', async () => {
  const config = await createConfig({
    extends: ['recommended-strict'],
    rules: {
      // The document is of a server that people run on their own machine.
      'no-server-example.com': 'error',
      'operation-4xx-response': 'off',
      'no-ambiguous-paths': 'off',
    },
  });
  const problems = await lintFromString({ source: text, absoluteRef: 'openapi.json', config });
  expect(
    problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`),
  ).toEqual([]);
});

it('every operation of the document has a name of its own', () => {
  const { paths } = JSON.parse(text) as Document;
  const names = Object.values(paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  );
  expect(names).not.toContain(undefined);
  expect(new Set(names).size).toBe(names.length);
});

it('the reply of a fault rule is what the document describes', async () => {
  const addFault = readOperations(JSON.parse(text)).find(({ id }) => id === 'addFault');
  const payload = { match: { holder: 'c1' }, do: { truncate: 0.5 } };
  const reply = await started.app.inject({ method: 'POST', url: '/_heartbeatd/faults', payload });
  expect(
    mismatch(addFault?.replies.get(200)?.schema ?? { const: 'described' }, reply.json()),
  ).toBeUndefined();
});
