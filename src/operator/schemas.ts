/** Schemas that several operator routes share. */
import { Failure } from '../protocols/kit/operator/refusal.ts';

/** The replies of refused requests that every guarded route may give. */
export const refusals = { 400: Failure, 401: Failure, 403: Failure, 503: Failure };

/** OpenAPI tag of the operator routes. */
export const tags = ['operator'];
