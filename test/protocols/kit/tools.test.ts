/** The small tools that every protocol uses. */
import { Type } from '@sinclair/typebox';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { describeOperations } from '../../../src/protocols/kit/openapi.ts';
import type { Operation } from '../../../src/protocols/kit/operation.ts';
import { guard } from '../../../src/protocols/kit/validate.ts';
import { isDebugging } from '../../../src/settings/log.ts';

it('a guard accepts what matches its schema and nothing else', () => {
  const isShip = guard(Type.Object({ name: Type.String() }));
  expect([{ name: 'ada' }, { name: 1 }, undefined, 'ada'].map(isShip)).toEqual([true, false, false, false]);
});

it('debug lines are enabled at debug and below, and follow a change of the level', () => {
  const log = pino({ level: 'silent' });
  const enabled = ['silent', 'info', 'debug', 'trace'].map((level) => {
    log.level = level;
    return isDebugging(log);
  });
  expect(enabled).toEqual([false, false, true, true]);
});

it('the document says what an error means where its name does not', () => {
  const operation: Operation<unknown> = {
    name: 'Sail',
    summary: 'Sails',
    method: 'POST',
    path: '/sail',
    schema: { replies: { 200: Type.Object({}) } },
    errors: ['7', '8'],
    subject: () => ({}),
    run: () => ({ status: 200, headers: [], body: '{}' }),
  };
  const describeError = (name: string) => ({
    status: 200,
    example: { code: name },
    ...(name === '7' ? { summary: 'no wind' } : {}),
  });
  const paths = describeOperations({ name: 'ships', describeError }, [operation]);
  expect(paths['/sail']?.post).toMatchObject({
    responses: {
      200: {
        content: {
          'application/json': {
            examples: {
              7: { summary: 'no wind', value: { code: '7' } },
              8: { value: { code: '8' } },
            },
          },
        },
      },
    },
  });
});
