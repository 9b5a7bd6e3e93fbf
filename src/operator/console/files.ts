/** The files of the page: from the sources in a clone, from the package where it is installed; read once, when first asked for. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { vendorModules, vendorText } from './vendor.ts';

export interface PageFile {
  readonly type: string;
  readonly etag: string;
  readonly body: Buffer;
  /** By the name of its encoding, the smallest first. */
  readonly compressed: Readonly<Record<'br' | 'gzip', Buffer>>;
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

const folder = fileURLToPath(new URL('./page/', import.meta.url));
/** Written when the package is built. */
const built = fileURLToPath(new URL('./vendor/', import.meta.url));

/** Returns the names of all files, so that no path from a request reaches the file system. */
export function pageFileNames(): readonly string[] {
  return [
    ...globSync('**/*.{html,css,js,svg}', { cwd: folder }).map((name) => name.replaceAll('\\', '/')),
    ...Object.keys(vendorModules).map((name) => `vendor/${name}`),
  ];
}

/** Returns a file of `pageFileNames`. */
export function readPageFile(name: string): PageFile {
  const body = Buffer.from(textOf(name));
  const compressed = { br: brotliCompressSync(body), gzip: gzipSync(body, { level: 9 }) };
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { type: types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream', etag, body, compressed };
}

function textOf(name: string): string | Buffer {
  const [kind, file = ''] = name.split('/', 2);
  if (kind !== 'vendor') return readFileSync(folder + name);
  return existsSync(built + file) ? readFileSync(built + file) : vendorText(file);
}
