#!/usr/bin/env node
/**
 * The `heartbeatd` command: prints the version on any Node.js, refuses a Node.js older than package.json's `engines`, and
 * starts the server otherwise. Written in what Node.js 4 parses (no `import`, `??`, spread, destructuring or `includes`), since an old
 * Node.js must get as far as the refusal.
 */
const manifest: { version: string; engines: { node: string } } = require('../package.json');

/** Returns whether `version` is lower than `minimum`, both dotted numbers; a part that is absent counts as 0. */
function isOlder(version: string, minimum: string): boolean {
  const actual = version.split('.');
  const needed = minimum.split('.');
  for (let part = 0; part < needed.length; part++) {
    const difference = parseInt(actual[part] || '0', 10) - parseInt(needed[part] || '0', 10);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

const minimum = manifest.engines.node.replace('>=', '');
if (process.argv.indexOf('--version') !== -1 || process.argv.indexOf('-v') !== -1) {
  process.stdout.write(`${manifest.version}\n`);
} else if (isOlder(process.versions.node, minimum)) {
  process.stderr.write(
    `heartbeatd: Node.js ${process.versions.node} (${process.execPath}) is too old; install Node.js ${minimum} or later\n`,
  );
  process.exitCode = 1;
} else {
  // A file of its own: Node.js 8 and older cannot parse `import()`. The extension is .cts, or .cjs when compiled.
  require(`./start${__filename.slice(-4)}`);
}
