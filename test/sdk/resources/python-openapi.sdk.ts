/** The vendor's OpenAPI client for Python, unmodified, with both versions of its signatures. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { serve } from '../consumers/drills.ts';
import { installPythonPackage } from '../consumers/install.ts';
import { runClient } from './client.ts';

it.each(['v1', 'v4'])(
  'the Python OpenAPI client (alibabacloud_sls20201230 5.15.1) provisions, writes and consumes: signatures %s',
  async (version) => {
    const python = installPythonPackage('alibabacloud_sls20201230', '5.15.1', 'alibabacloud_sls20201230');
    const { url } = await serve(undefined);
    const program = join(import.meta.dirname, 'python', 'openapi.py');
    const endpoint = 'cn-hangzhou.log.aliyuncs.com';
    const printed = await runClient(python, [program, endpoint, url, version, 'open-project'], {});
    expect(JSON.parse(printed)).toEqual({
      project: ['open-project', 'changed', 'ZRS', true, 'rg-1', endpoint, true],
      listed: [1, 'open-project', true],
      tags: [['k', 'v']],
      logstore: ['query', 121, 30, 30, true, 'default', ['k'], 'ChargeByFunction'],
      logstores: ['store'],
      shards: [
        [0, 'readonly'],
        [1, 'readwrite'],
        [2, 'readonly'],
        [3, 'readonly'],
        [4, 'readwrite'],
      ],
      groups: [['group', 30, false]],
      held: [0, 1, 2, 3, 4],
      saved: [[1, true, 'c', true]],
      time: true,
      written: ['None', 'deflate', 'lz4', 'zstd'],
      refused: ['IndexConfigNotExist', 'IndexConfigNotExist', 'ParameterInvalid', 'ProjectNotExist'],
      empty: [0, []],
      gone: 'ProjectNotExist',
    });
  },
);
