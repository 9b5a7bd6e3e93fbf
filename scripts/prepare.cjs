/**
 * Builds a git dependency: npm packs its clone with `prepare` alone, without `prepack`. After `npm ci` in a clone there is
 * nothing to do, and possibly no compiler; npm sets `npm_package_resolved` only when it packs or links this folder.
 * Plain JavaScript, since any Node.js may run it.
 */
const { execSync } = require('node:child_process');
const { existsSync } = require('node:fs');

if (process.env.npm_package_resolved && !existsSync('dist')) execSync('npm run build', { stdio: 'inherit' });
