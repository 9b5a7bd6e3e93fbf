/**
 * Preloaded by `--import` into a server under test: shifts `Date` by the milliseconds in the file that CLOCK_SHIFT_FILE names. The file is read
 * at SIGUSR2, so that wall time can be set while the server runs. Timers and `performance` keep running as they were.
 */
import { readFileSync } from 'node:fs';

const file = process.env.CLOCK_SHIFT_FILE;
let shiftMs = 0;

const readShift = (): void => {
  shiftMs = file === undefined ? 0 : Number(readFileSync(file, 'utf8'));
};

const trueNow = Date.now.bind(Date);
const now = (): number => trueNow() + shiftMs;

globalThis.Date = new Proxy(Date, {
  construct(target, args: unknown[], newTarget) {
    return Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget);
  },
  get(target, name, receiver) {
    return name === 'now' ? now : Reflect.get(target, name, receiver);
  },
});

process.on('SIGUSR2', readShift);
readShift();
