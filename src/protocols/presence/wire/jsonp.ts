/** JSONP: a reply in a call of a function that the client names. */
import { errors } from './errors.ts';

/** The server's own rule: the documentation allows any name, and what is echoed into a script has to be checked. */
const callbackName = /^[A-Za-z_$][\w$.]{0,127}$/;

/** Returns the name of the function that a JSONP client waits for; undefined for plain JSON. */
export function parseCallback(name: string | undefined): string | undefined {
  if (name === undefined || name === '' || name === '0') return undefined;
  if (!callbackName.test(name)) throw errors.invalidCallback();
  return name;
}

/** Returns a body: JSON, or a call of `callback` with it. */
export function wrapInCallback(json: string, callback: string | undefined): string {
  return callback === undefined ? json : `${callback}(${json})`;
}
