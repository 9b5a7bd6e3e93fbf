/** Installs the vendors' libraries with their languages' own tools, once, beside the project's own modules. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
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

/** Returns a folder of the cache. */
export function folder(name: string): string {
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
  return buildGo(join(sources, 'go'), { home: folder('go'), program: 'worker' });
}

/** A program of a Go module, built from the module proxy. Returns its path. */
export function installGoProgram(module: string, version: string): string {
  const home = folder(`${module.replaceAll('/', '_')}-${version}`);
  const program = join(
    home,
    'bin',
    module
      .replace(/\/v\d+$/, '')
      .split('/')
      .at(-1) ?? '',
  );
  if (!existsSync(program))
    run(home, 'env', `GOBIN=${join(home, 'bin')}`, 'go', 'install', `${module}@${version}`);
  return program;
}

/** A program of a Debian package, unpacked beside the project's modules: nothing is installed or started. Returns its path. */
export function unpackDebian(name: string, program: string): string {
  const home = folder(`debian-${name}`);
  const path = join(home, 'usr', 'bin', program);
  if (!existsSync(path)) {
    try {
      run(home, 'apt-get', '-q', 'download', name);
    } catch {
      run(home, 'apt-get', '-q', 'update');
      run(home, 'apt-get', '-q', 'download', name);
    }
    run(home, 'sh', '-c', `dpkg-deb -x ${name}_*.deb .`);
  }
  return path;
}

/** Builds the program of a folder of Go sources in another folder. Returns its path. */
export function buildGo(
  from: string,
  { home, program }: { readonly home: string; readonly program: string },
): string {
  for (const name of ['go.mod', 'go.sum', `${program}.go`]) cpSync(join(from, name), join(home, name));
  run(home, 'go', 'build', '-o', program, '.');
  return join(home, program);
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
  return buildJava(join(sources, 'java'), { home: folder('java'), programs: ['Worker', 'Proxied'] });
}

/** Compiles programs of a folder with the libraries of its `pom.xml`, in another folder. Returns their class path. */
export function buildJava(
  from: string,
  { home, programs }: { readonly home: string; readonly programs: readonly string[] },
): string {
  const files = programs.map((program) => `${program}.java`);
  for (const name of ['pom.xml', ...files]) cpSync(join(from, name), join(home, name));
  if (!existsSync(join(home, 'lib'))) {
    run(home, 'mvn', '-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib');
  }
  run(home, 'javac', '-cp', 'lib/*', '-d', '.', ...files);
  return `${home}:${join(home, 'lib', '*')}`;
}

/** Compiles a Kotlin program with the compiler among the libraries that `buildJava` put beside it. */
export function buildKotlin(
  from: string,
  { home, file }: { readonly home: string; readonly file: string },
): void {
  cpSync(join(from, file), join(home, file));
  const libraries = readdirSync(join(home, 'lib')).map((name) => join('lib', name));
  const options = ['-no-stdlib', '-no-reflect', '-nowarn', '-cp', libraries.join(':'), '-d', '.', file];
  run(home, 'java', '-cp', 'lib/*', 'org.jetbrains.kotlin.cli.jvm.K2JVMCompiler', ...options);
}
