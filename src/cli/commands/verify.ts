/** `heartbeatd verify`: an assertion on requests or events, for scripts. */
import { ExpectationFailed, type Verdict, type Verification } from '../../client/index.ts';
import { type Command, jsonWord, serverFlags, UsageError } from '../command.ts';
import { readText } from '../read-text.ts';

export const verify: Command = {
  name: 'verify',
  usage: '<json>',
  summary: 'wait until requests or events came as expected; exit with 1 if they did not',
  flags: serverFlags,
  async run({ words: [json], flags, server, print, input }) {
    if (json === undefined)
      throw new UsageError(
        `verify: the expectation is missing, such as '{"match":{"holder":"c1"},"within":"5s"}'`,
      );
    const wanted = jsonWord(json, 'verify', (path) => readText(path, input)) as Verification;
    const show = (verdict: Verdict): void =>
      print(
        flags.json === true ? `${JSON.stringify(verdict)}\n` : `${verdict.message}, count ${verdict.count}\n`,
      );
    try {
      show(await server().verify(wanted));
      return 0;
    } catch (error) {
      if (!(error instanceof ExpectationFailed)) throw error;
      show(error.verdict);
      return 1;
    }
  },
};
