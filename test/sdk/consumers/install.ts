/** Installs the vendors' libraries with their languages' own tools, once, beside the project's own modules. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where everything goes. */
export const cache = resolve('node_modules/.cache/heartbeatd-sdk');
const sources = import.meta.dirname;

export function hasTool(file: string, ...args: string[]): boolean {
  try {
    execFileSync(file, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function run(cwd: string, file: string, ...args: string[]): void {
  execFileSync(file, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}

function folder(name: string): string {
  const path = join(cache, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** The Python of an environment that holds the consumer library. */
export function installPython(version: string): string {
  return installPythonPackage('aliyun-log-python-sdk', version, 'aliyun.log.consumer');
}

/** The Python of an environment that holds one package, by which that module can be imported. */
export function installPythonPackage(name: string, version: string, module: string): string {
  const home = folder(`${name}-${version}`);
  const python = join(home, 'bin', 'python');
  if (!hasTool(python, '-c', `import ${module}`)) {
    run(home, 'python3', '-m', 'venv', home);
    run(home, python, '-m', 'pip', 'install', '--quiet', `${name}==${version}`);
  }
  return python;
}

/** The consumer that was built with the library. */
export function installGo(): string {
  const home = folder('go');
  for (const name of ['go.mod', 'go.sum', 'worker.go']) cpSync(join(sources, 'go', name), join(home, name));
  run(home, 'go', 'build', '-o', 'worker', '.');
  return join(home, 'worker');
}

/** The producer that was built with the library. */
export function installGoProducer(): string {
  const home = folder('go-producer');
  for (const name of ['go.mod', 'go.sum']) cpSync(join(sources, 'go', name), join(home, name));
  cpSync(join(sources, '..', 'producers', 'go', 'producer.go'), join(home, 'producer.go'));
  run(home, 'go', 'build', '-o', 'producer', '.');
  return join(home, 'producer');
}

/** The class path of the producer and its library. */
export function installJavaProducer(): string {
  const home = folder('java-producer');
  const from = join(sources, '..', 'producers', 'java');
  for (const name of ['pom.xml', 'Producing.java']) cpSync(join(from, name), join(home, name));
  if (!existsSync(join(home, 'lib'))) {
    run(home, 'mvn', '-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib');
  }
  run(home, 'javac', '-cp', 'lib/*', '-d', '.', 'Producing.java');
  return `${home}:${join(home, 'lib', '*')}`;
}

/** The class path of the consumer and the library. */
export function installJava(): string {
  const home = folder('java');
  for (const name of ['pom.xml', 'Worker.java', 'Proxied.java'])
    cpSync(join(sources, 'java', name), join(home, name));
  if (!existsSync(join(home, 'lib'))) {
    run(home, 'mvn', '-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib');
  }
  run(home, 'javac', '-cp', 'lib/*', '-d', '.', 'Worker.java', 'Proxied.java');
  return `${home}:${join(home, 'lib', '*')}`;
}
