/** Pages of lists ("ListProject", "ListLogStores"). */
import { type Static, Type } from '@sinclair/typebox';
import { validator } from '../../kit/validate.ts';
import type { SlsCall } from '../wire/call.ts';
import { errors } from '../wire/errors.ts';

const number = { pattern: '^\\d{0,9}$' };

export const PageQuery = Type.Object({
  offset: Type.Optional(Type.String({ ...number, description: 'items to skip; default 0' })),
  size: Type.Optional(Type.String({ ...number, description: 'maximum items; default 100, at most 500' })),
});

const checkPage = validator(PageQuery);

/** Returns the items that the query selects. Throws ParameterInvalid. */
export function selectPage<T>(all: readonly T[], query: SlsCall['query']): readonly T[] {
  const { offset, size }: Static<typeof PageQuery> = checkPage(query, () =>
    errors.ParameterInvalid('offset or size is invalid'),
  );
  const begin = numberOr(offset, 0);
  return all.slice(begin, begin + Math.min(numberOr(size, 100), 500));
}

function numberOr(text: string | undefined, fallback: number): number {
  return text === undefined || text === '' ? fallback : Number(text);
}
