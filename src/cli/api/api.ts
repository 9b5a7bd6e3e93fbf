/** `heartbeatd api`: any operation of the operator API. */
import { type OperationName, operationCall, operationNames } from '../../client/call.ts';
import { OperatorError } from '../../client/index.ts';
import { operatorOperations } from '../../client/operations.ts';
import { describeUnknown } from '../../settings/nearest.ts';
import { type Command, jsonWord, serverFlags, UsageError } from '../command.ts';
import { readText } from '../read-text.ts';
import { table } from '../table.ts';

const { url, token } = serverFlags;

export const api: Command = {
  name: 'api',
  usage: '[<operation> [<name>=<value>…] [<json> | @<file> | -]]',
  summary: 'send any operation of the operator API, and print its reply; without one, list them',
  words: operationNames,
  flags: { url, token },
  async run({ words: [name, ...words], server, print, input, signal }) {
    if (name === undefined) {
      print(listOfOperations());
      return 0;
    }
    const known: readonly string[] = operationNames;
    if (!known.includes(name))
      throw new UsageError(`api: ${describeUnknown(name, known, 'heartbeatd api lists them')}`);
    const { parameters, body } = readWords(words, (path) => readText(path, input));
    const { method, path, ...call } = sending(name as OperationName, parameters, body);
    const reply = await server().operator.open(method, path, { ...call, signal });
    await copyText(reply, print, signal);
    return 0;
  },
};

const isParameter = (word: string): boolean => /^[A-Za-z]\w*=/.test(word);

/** Words with a name and `=` are parameters; one other word is the body. */
function readWords(words: readonly string[], read: (path: string) => string) {
  const [json, ...more] = words.filter((word) => !isParameter(word));
  if (more.length > 0) throw new UsageError('api: there is one body at most; parameters are <name>=<value>');
  const parameters = words.filter(isParameter).map((word) => {
    const at = word.indexOf('=');
    return [word.slice(0, at), word.slice(at + 1)] as const;
  });
  return {
    parameters: Object.fromEntries(parameters),
    ...(json === undefined ? {} : { body: jsonWord(json, 'api', read) }),
  };
}

function sending(name: OperationName, parameters: Readonly<Record<string, string>>, body: unknown) {
  try {
    return operationCall(name, parameters, body);
  } catch (error) {
    throw error instanceof OperatorError ? new UsageError(`api: ${error.message}`) : error;
  }
}

/** Prints a reply as it comes: a stream of events does not end by itself. */
async function copyText(reply: Response, print: (text: string) => void, signal: AbortSignal): Promise<void> {
  const decoder = new TextDecoder();
  let last = '';
  try {
    for await (const chunk of reply.body ?? []) {
      last = decoder.decode(chunk, { stream: true });
      print(last);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (last !== '' && !last.endsWith('\n')) print('\n');
}

function listOfOperations(): string {
  const rows = operationNames.map((name) => {
    const { method, path, query } = operatorOperations[name];
    return [name, method, path === '' ? '/' : path, query];
  });
  return table(['operation', 'method', 'path', 'parameters'], rows);
}
