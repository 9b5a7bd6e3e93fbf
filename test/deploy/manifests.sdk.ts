/** The files in `deploy/` as the tools read them that operators use. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasTool, installGoProgram, installPythonPackage, unpackDebian } from '../sdk/consumers/install.ts';

const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-deploy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.runIf(hasTool('go', 'version') && hasTool('python3', '--version'))(
  'the Kubernetes manifests',
  () => {
    let kustomize = '';
    let validate = '';
    beforeAll(() => {
      kustomize = installGoProgram('sigs.k8s.io/kustomize/kustomize/v5', 'v5.7.1');
      const python = installPythonPackage('kubernetes-validate', '1.37.0', 'kubernetes_validate');
      validate = python.replace(/python$/, 'kubernetes-validate');
    }, 600_000);

    /** Returns what `kubectl apply -k` would send. */
    const built = (path: string): string =>
      execFileSync(kustomize, ['build', join('deploy', 'kubernetes', path)], { encoding: 'utf8' });

    /** Checks text against the schemas of a release. */
    function check(
      text: string,
      release: string,
    ): { readonly status: number | null; readonly output: string } {
      const file = join(folder, 'manifests.yaml');
      writeFileSync(file, text);
      const args = ['--strict', '--kubernetes-version', release, file];
      const { status, stdout, stderr } = spawnSync(validate, args, { encoding: 'utf8' });
      return { status, output: stdout + stderr };
    }

    it.each(['base', 'overlays/ha'])('%s fits the schemas of old and new releases', (path) => {
      const text = built(path);
      for (const release of ['1.28', '1.37']) {
        const { status, output } = check(text, release);
        expect(output.match(/ passed /g)).toHaveLength(5);
        expect(status).toBe(0);
      }
    });

    it('a misspelt member would be noticed', () => {
      const { status } = check(built('base').replace('readinessProbe', 'readynessProbe'), '1.37');
      expect(status).not.toBe(0);
    });

    it('the overlay runs three replicas over the Redis of its Secret, and scales out by more of them', () => {
      const text = built('overlays/ha');
      expect(text).toMatch(/^ {2}replicas: 3$/m);
      expect(text).toMatch(/minReplicas: 3/);
      expect(text).toMatch(/name: heartbeatd\n\s+optional: false/);
    });

    it('the image is that of the package', () => {
      const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
      expect(built('base')).toContain(`image: heartbeatd:${version}\n`);
    });
  },
);

describe.runIf(hasTool('apt-get', '--version'))('the Prometheus rules', () => {
  it('are valid, and each fires when it should', () => {
    const promtool = unpackDebian('prometheus', 'promtool');
    const output = execFileSync(promtool, ['test', 'rules', 'deploy/prometheus/rules.test.yaml'], {
      encoding: 'utf8',
    });
    expect(output).toContain('SUCCESS');
    const alerts = readFileSync('deploy/prometheus/rules.yaml', 'utf8').match(/(?<=- alert: )\w+/g) ?? [];
    const tested = readFileSync('deploy/prometheus/rules.test.yaml', 'utf8');
    expect(alerts.filter((name) => !tested.includes(name))).toEqual([]);
  });
});
