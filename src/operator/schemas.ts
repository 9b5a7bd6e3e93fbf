/** Schemas that several operator routes share. */
import { Type } from '@sinclair/typebox';

export const Failure = Type.Object({ error: Type.String() }, { description: 'Why the request was refused' });

/** The replies of refused requests that every guarded route may give. */
export const refusals = { 400: Failure, 401: Failure, 403: Failure, 503: Failure };

/** OpenAPI tag of the operator routes. */
export const tags = ['operator'];

/** Answered with its status, below 500, and its message. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}
