/** How operator routes refuse requests: those of the server, and those of the protocols. */
import { Type } from '@sinclair/typebox';

/** A refusal of an operator's request, sent with its status and its message: below 500, or 503 for a node that does not answer. */
export class OperatorRefusal extends Error {
  override readonly name = 'OperatorRefusal';
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** The body of a refusal. */
export const Failure = Type.Object({ error: Type.String() }, { description: 'Why the request was refused' });

/** Schemas of the error replies. */
export const failures = {
  400: Failure,
  401: Failure,
  403: Failure,
  404: Failure,
  409: Failure,
  503: Failure,
};
