/** Debian's Chromium, which is installed if it is missing. */
import { execFileSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';
import { ensureProgram } from '../debian-package.ts';

/** Starts a browser; the caller closes it. */
export function launchChromium(): Promise<Browser> {
  ensureProgram({
    user: 'the tests of the console',
    program: 'chromium',
    versionFlag: '--version',
    packages: ['chromium'],
    advice: 'need chromium on the PATH: install your system\'s "chromium" package',
  });
  const executablePath = execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
