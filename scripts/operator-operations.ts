/** The table of operator operations of the client, from the OpenAPI document of a server that does not listen. */
import { buildApp } from '../src/app.ts';
import { defaultConfig } from '../src/config.ts';
import { openEmbeddedDriver } from '../src/store/embedded/driver.ts';
import { createStore } from '../src/store/runtime/create-store.ts';

const root = '/_heartbeatd';
const maxWidth = 110;

interface Documented {
  readonly operationId: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
}

/** Returns the module as text. */
export async function operatorOperations(): Promise<string> {
  const store = createStore(openEmbeddedDriver());
  const app = await buildApp({ config: defaultConfig(), store });
  try {
    const { paths } = (await app.inject(`${root}/openapi.json`)).json() as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
    };
    const rows = Object.entries(paths)
      .filter(([path]) => path.startsWith(root))
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => rowOf(method, path, operation)),
      );
    return `/** Written by \`npm run docs\` from the routes of the operator API. \`query\`: names of parameters. */\nexport const operatorOperations = {\n${rows.join('')}} as const;\n`;
  } finally {
    await app.close();
    await store.close();
  }
}

/** Returns a member of the table, as the formatter writes it. */
function rowOf(method: string, path: string, { operationId, parameters = [] }: Documented): string {
  const query = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  const members = [
    `method: '${method.toUpperCase()}'`,
    `path: '${path.slice(root.length)}'`,
    `query: '${query.join(' ')}'`,
  ];
  const line = `  ${operationId}: { ${members.join(', ')} },\n`;
  if (line.length <= maxWidth + 1) return line;
  return `  ${operationId}: {\n${members.map(memberLine).join('')}  },\n`;
}

/** Returns a member on a line, or with its value on the next where that is too long. */
function memberLine(member: string): string {
  const line = `    ${member},\n`;
  return line.length <= maxWidth + 1 ? line : line.replace(': ', ':\n      ');
}
