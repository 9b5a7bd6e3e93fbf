/** Decoding shared by the subscribers of a channel. */

/** Decodes a payload once for all subscribers that get it: those who read together get the same bytes. */
export function decodeOnce<T>(decode: (payload: Uint8Array) => T): (payload: Uint8Array) => T {
  const decoded = new WeakMap<Uint8Array, { readonly value: T }>();
  return (payload) => {
    const found = decoded.get(payload) ?? { value: decode(payload) };
    decoded.set(payload, found);
    return found.value;
  };
}
