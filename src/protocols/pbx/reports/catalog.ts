/** Every kind of report. A new one is an entry in one of these tables. */
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { guard } from '../../kit/validate.ts';
import { callRecord } from './call-record.ts';
import { callReports } from './call-reports.ts';
import type { ReportKind, Shape } from './report-kind.ts';
import { systemReports } from './system-reports.ts';

const reportKinds = [...systemReports, ...callReports, callRecord] as const;

type SchemasOf<K extends readonly ReportKind[]> = {
  -readonly [I in keyof K]: K[I] extends { readonly schema: infer S extends TSchema } ? S : never;
};

/** What happened in the PBX, in a neutral form. Names are those of the documents, values are text as on the wire. */
export const Report = Type.Union(
  // TypeScript does not carry a tuple through `map`.
  reportKinds.map(({ schema }) => schema) as unknown as SchemasOf<typeof reportKinds>,
);
export type Report = Static<typeof Report>;

/** Returns true for a report; the queue may hold those of another version of this server. */
export const isReport = guard(Report);

const kindsByName: ReadonlyMap<string, ReportKind> = new Map(
  reportKinds.map((kind) => [kind.schema.properties.report.const, kind]),
);

/** Names under which reports are sent, as `operation` of the journal. */
export const reportNames: readonly string[] = [...new Set(reportKinds.flatMap(({ names }) => names))];

/** Returns the schema of the reports of that name. */
export function reportSchema(name: string): TSchema | undefined {
  return kindsByName.get(name)?.schema;
}

/**
 * Returns the body of a report: one line of compact JSON. Undefined: applications of this shape receive no such report. `serial`
 * is the serial number of the PBX.
 */
export function renderReport(report: Report, shape: Shape, serial: string): string | undefined {
  if (report.shapes !== undefined && !report.shapes.includes(shape)) return undefined;
  return kindsByName.get(report.report)?.render(report, shape, serial);
}
