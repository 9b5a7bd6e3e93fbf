/** How the operator routes of protocols refuse requests. */
import { Type } from '@sinclair/typebox';

/** A refusal of an operator's request, sent with its status, below 500, and its message. */
export class OperatorRefusal extends Error {
  override readonly name = 'OperatorRefusal';
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

export const Failure = Type.Object({ error: Type.String() });
/** Schemas of the error replies. */
export const failures = {
  400: Failure,
  401: Failure,
  403: Failure,
  404: Failure,
  409: Failure,
  503: Failure,
};
