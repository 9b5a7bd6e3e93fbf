/** Requests to the operator API. No server code: runs on Node.js 20 and later, and wherever `fetch` is. */

/** A value of a query parameter; undefined leaves it out. */
export type QueryValue = string | number | boolean | object | undefined;

export interface Call {
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Media type of the reply; default: what the server chooses. */
  readonly accept?: string;
  /** Statuses beside 2xx whose body is a result and no error. */
  readonly accepts?: readonly number[];
}

/** How the operator API of one server is reached. */
export interface Requester {
  /** Resolves to the reply's JSON. Rejects with OperatorError. */
  json<T>(method: string, path: string, call?: Call): Promise<T>;
  /** Resolves to the reply's text. Rejects with OperatorError. */
  text(method: string, path: string, call?: Call): Promise<string>;
  /** Resolves to the reply once its headers are there. Rejects with OperatorError. */
  open(method: string, path: string, call?: Call): Promise<Response>;
}

/** The server refused a request, or could not be reached: then `status` is 0. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** The root of the operator API on every server. */
export const operatorRoot = '/_heartbeatd';

/** Returns a requester of the server at `origin`; the token is sent with every request. */
export function makeRequester(origin: string, token: string | undefined): Requester {
  const open: Requester['open'] = async (method, path, call = {}) => {
    const url = `${origin}${operatorRoot}${path}${queryText(call.query)}`;
    const response = await fetch(url, {
      method,
      headers: {
        ...(token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(call.accept === undefined ? {} : { accept: call.accept }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    }).catch((error: Error) => {
      if (call.signal?.aborted) throw error;
      throw new OperatorError(0, `${origin} cannot be reached: ${reasonOf(error)}`, { cause: error });
    });
    if (response.ok || call.accepts?.includes(response.status)) return response;
    throw new OperatorError(
      response.status,
      `${method} ${operatorRoot}${path}: ${response.status} ${await failureOf(response)}`,
    );
  };
  return {
    open,
    json: async <T>(method: string, path: string, call?: Call) =>
      (await (await open(method, path, call)).json()) as T,
    text: async (method, path, call) => (await open(method, path, call)).text(),
  };
}

/** What `fetch` hides behind "fetch failed". */
function reasonOf(error: Error): string {
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}

async function failureOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'string' ? error : text;
  } catch {
    return text;
  }
}

function queryText(query: Readonly<Record<string, QueryValue>> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    parameters.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
