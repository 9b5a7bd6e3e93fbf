/** Reads the host that a TLS client names in its first message (RFC 8446, RFC 6066), without answering it. Pure. */

/** Bytes of a record's header, of the message's header, and of version and random. */
const beforeSession = 5 + 4 + 2 + 32;
const serverName = 0;
const hostName = 0;

/** Returns the host; undefined if the client names none, or if the message is not whole or not one. */
export function hostOfClientHello(bytes: Buffer): string | undefined {
  try {
    let at = beforeSession;
    at += 1 + bytes.readUInt8(at);
    at += 2 + bytes.readUInt16BE(at);
    at += 1 + bytes.readUInt8(at);
    const end = at + 2 + bytes.readUInt16BE(at);
    at += 2;
    while (at < end) {
      const type = bytes.readUInt16BE(at);
      const length = bytes.readUInt16BE(at + 2);
      if (type === serverName) return nameIn(bytes.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
  } catch {
    // Cut short, or no such message.
  }
  return undefined;
}

/** A list of names, of which clients send one. */
function nameIn(list: Buffer): string | undefined {
  if (list.readUInt8(2) !== hostName) return undefined;
  const name = list.subarray(5, 5 + list.readUInt16BE(3)).toString('latin1');
  return /^[\w.-]{1,253}$/.test(name) ? name : undefined;
}
