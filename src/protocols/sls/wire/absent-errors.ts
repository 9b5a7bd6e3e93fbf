/**
 * Errors of what cannot be created here: the codes are those that the vendor's clients know, the messages those that their tests
 * assert.
 */
import { entry } from './error-entry.ts';

export const absentErrors = {
  ChartNotExist: entry(404, 'ChartNotExist', () => 'specified chart does not exist'),
  ConfigNotExist: entry(404, 'ConfigNotExist', (name: string) => `config ${name} does not exist`, 'c'),
  DashboardNotExist: entry(404, 'DashboardNotExist', () => 'specified dashboard does not exist'),
  JobNotExist: entry(404, 'JobNotExist', (name: string) => `job ${name} does not exist`, 'j'),
  MachineGroupNotExist: entry(
    404,
    'MachineGroupNotExist',
    (name: string) => `MachineGroup ${name} does not exist`,
    'm',
  ),
  MetricsConfigNotExist: entry(
    404,
    'MetricsConfigNotExist',
    (name: string) => `metrics config ${name} does not exist`,
    'm',
  ),
  ResourceRecordNotExist: entry(
    404,
    'ResourceRecordNotExist',
    (name: string) => `record ${name} does not exist`,
    'r',
  ),
  SavedSearchNotExist: entry(404, 'SavedSearchNotExist', () => 'specified savedsearch does not exist'),
  ShipperNotExist: entry(404, 'ShipperNotExist', (name: string) => `The shipper ${name} does not exist`, 's'),
  TopostoreNotExist: entry(
    404,
    'TopostoreNotExist',
    (name: string) => `topostore ${name} does not exist`,
    't',
  ),
} as const;

export type AbsentErrorName = keyof typeof absentErrors;
