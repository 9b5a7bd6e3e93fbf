/** The table of operator operations of the client, and their types, from the OpenAPI document of a server that does not listen. */
import { buildApp } from '../src/app.ts';
import { defaultConfig } from '../src/config.ts';
import { openEmbeddedDriver } from '../src/store/embedded/driver.ts';
import { createStore } from '../src/store/runtime/create-store.ts';
import {
  keyOf,
  membersText,
  type Names,
  nameShared,
  objectText,
  type Schema,
  typeText,
} from './type-text.ts';

const root = '/_heartbeatd';
const maxWidth = 110;

interface Documented {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

/** Returns the module of the table, and the module of the types, as text. */
export async function operatorOperations(): Promise<{ readonly table: string; readonly types: string }> {
  const store = createStore(openEmbeddedDriver());
  const app = await buildApp({ config: defaultConfig(), store });
  try {
    const { paths } = (await app.inject(`${root}/openapi.json`)).json() as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
    };
    const operations = Object.entries(paths)
      .filter(([path]) => path.startsWith(root))
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
      );
    const rows = operations.map(({ path, method, operation }) => rowOf(method, path, operation));
    return {
      table: `/** Written by \`npm run docs\` from the routes of the operator API. \`query\`: names of parameters. */\nexport const operatorOperations = {\n${rows.join('')}} as const;\n`,
      types: typesModule(operations.map(({ operation }) => operation)),
    };
  } finally {
    await app.close();
    await store.close();
  }
}

const typesHead = `/** Written by \`npm run docs\` from the schemas of the operator API: what each operation takes and returns. */
// biome-ignore-all format: written by a program
// biome-ignore-all lint/style/noExcessiveLinesPerFile: written by a program

`;

function typesModule(operations: readonly Documented[]): string {
  const roots = operations.flatMap((operation) => [
    [`${operation.operationId}Body`, bodyOf(operation)] as const,
    ...repliesOf(operation).map((reply) => [`${operation.operationId}Reply`, reply] as const),
  ]);
  const shared = nameShared(Object.fromEntries(roots));
  const names = new Map([...shared].map(([name, schema]) => [keyOf(schema), name]));
  const declared = [...shared].map(([name, schema]) => {
    const comment = schema.description === undefined ? '' : `/** ${schema.description} */\n`;
    return `${comment}export interface ${name} ${objectText(schema, 0, names)}\n\n`;
  });
  const members = operations.map((operation) => typesOf(operation, names));
  return `${typesHead}${declared.join('')}export interface OperationTypes {\n${members.join('')}}\n`;
}

const jsonOf = (content: Content): Schema | undefined => content['application/json']?.schema;

const bodyOf = ({ requestBody }: Documented): Schema | undefined =>
  requestBody === undefined ? undefined : jsonOf(requestBody.content);

/** The server takes a body without required members as absent. */
const isBodyOptional = (operation: Documented): boolean => {
  const schema = bodyOf(operation);
  return schema?.type === 'object' && (schema.required ?? []).length === 0;
};

const repliesOf = ({ responses }: Documented): (Schema | undefined)[] =>
  Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, { content }]) => (content === undefined ? undefined : jsonOf(content)));

/** Returns the member of an operation: its parameters, its body and its reply. */
function typesOf(operation: Documented, names: Names): string {
  const { operationId, summary, parameters = [], requestBody } = operation;
  const body = requestBody === undefined ? 'undefined' : typeText(bodyOf(operation), 4, names);
  const replies = repliesOf(operation).map((reply) => typeText(reply, 4, names));
  const members = [
    { name: 'parameters', type: parametersText(parameters, names), isRequired: true },
    { name: 'body', type: body, isRequired: !isBodyOptional(operation) },
    { name: 'reply', type: [...new Set(replies)].join(' | ') || 'unknown', isRequired: true },
  ];
  const type = `{\n${membersText(members, 4)}  }`;
  return membersText([{ name: operationId, type, isRequired: true, description: summary }], 2);
}

function parametersText(parameters: readonly Parameter[], names: Names): string {
  if (parameters.length === 0) return 'Readonly<Record<never, never>>';
  const members = parameters.map(({ name, schema, required = false, description, in: place }) => {
    // The server reads them as text, and the client writes objects as JSON.
    const isObject = place === 'query' && name === 'body';
    const type =
      place === 'path' ? 'string | number' : isObject ? 'string | object' : typeText(schema, 6, names);
    return { name, type, isRequired: required, description: description ?? schema?.description };
  });
  return `{\n${membersText(members, 6)}    }`;
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
