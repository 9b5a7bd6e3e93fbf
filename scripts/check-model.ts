/**
 * Checks the model of the hand-over exhaustively with Spin, and that the check finds each way of breaking the rule that the
 * model offers. Takes some minutes, and a gigabyte of memory. Ends with 1 if any result is not what it should be.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensureProgram } from '../test/debian-package.ts';

const model = resolve(import.meta.dirname, '../docs/models/hand-over.pml');

/** What the model is checked for: each is exhaustive within these bounds. */
const sound: readonly (readonly string[])[] = [
  ['CONSUMERS=2', 'SHARDS=2', 'LATE=2'],
  ['CONSUMERS=3', 'SHARDS=1', 'LATE=1'],
  ['CONSUMERS=3', 'SHARDS=2', 'LATE=0'],
];

/** The variants that the model's own comment lists. */
const broken = [...readFileSync(model, 'utf8').matchAll(/^ \* +-D(\w+)/gm)].map(([, name = '']) => name);

interface Verdict {
  readonly states: number;
  readonly errors: number;
}

/** Throws if the search was not completed without having found an error. */
function check(defines: readonly string[]): Verdict {
  const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-model-'));
  const run = (program: string, args: readonly string[]): string =>
    execFileSync(program, args, { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1_024 * 1_024 });
  try {
    run('spin', ['-a', ...defines.map((define) => `-D${define}`), model]);
    // Breadth first: what is found is the shortest history. `-w`: the generated code has warnings of its own.
    run('gcc', ['-w', '-O1', '-DSAFETY', '-DBFS', '-DCOLLAPSE', '-o', 'pan', 'pan.c']);
    const printed = run('./pan', []);
    const errors = Number(/errors: (\d+)/.exec(printed)?.[1]);
    const states = Number(/(\d+) states, stored/.exec(printed)?.[1]);
    if (!(states > 0) || (errors === 0 && /not completed|too small|out of memory/.test(printed))) {
      throw new Error(`the search was not completed:\n${printed}`);
    }
    return { states, errors };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const [program, versionFlag, packages] of [
  ['spin', '-V', ['spin']],
  ['gcc', '--version', ['gcc', 'libc6-dev']],
] as const) {
  ensureProgram({
    user: 'the checks of the model',
    program,
    versionFlag,
    packages,
    advice: `need ${program} on the PATH: install your system's "${program}" package`,
  });
}

if (broken.length < 2) throw new Error(`${model} lists no variants that break the rule`);
let isAsExpected = true;
for (const defines of sound) {
  const { states, errors } = check(defines);
  isAsExpected &&= errors === 0;
  console.log(`${errors === 0 ? 'holds' : 'FAILS'}: ${defines.join(' ')}, ${states} states`);
}
for (const name of broken) {
  const { errors } = check([name, 'LATE=1']);
  isAsExpected &&= errors > 0;
  console.log(`${errors > 0 ? 'found' : 'NOT FOUND'}: ${name}`);
}
if (!isAsExpected) process.exitCode = 1;
