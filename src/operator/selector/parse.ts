/** Reads a selector from query parameters. */
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import { validator } from '../../protocols/kit/validate.ts';
import { Selector } from './selector.ts';

const checkSelector = validator(Selector);

/** Returns the selector; `body` is JSON text. Throws OperatorRefusal. */
export function parseSelector({
  body,
  ...members
}: { readonly body?: string } & Record<string, unknown>): Selector {
  const selector = body === undefined ? members : { ...members, body: parseBody(body) };
  return checkSelector(
    selector,
    ({ path, message }) => new OperatorRefusal(400, `selector${path}: ${message}`),
  );
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new OperatorRefusal(400, 'body: not JSON; write conditions as {"path": value}');
  }
}
