// `npm run test:interop`: our servers and other people's programs. Installs those where it may.

import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const packages = ['coturn', 'stun-client', 'prometheus', 'protobuf-compiler'];
const programs = ['turnutils_stunclient', 'stun', 'prometheus', 'promtool', 'protoc'];
/** Of the versions that npm has, one that has OpenTelemetry's definitions as they are written. */
const otlpDefinitions = '@opentelemetry/otlp-grpc-exporter-base@0.33.0';

const isInstalled = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
if (!programs.every(isInstalled)) {
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) {
    process.stderr.write(`Other programs are needed: as root, run  apt-get install ${packages.join(' ')}\n`);
    process.exit(1);
  }
  // Some of these packages would start servers of their own; nothing is to be started here.
  const install = `apt-get -qq update && apt-get -qq install -y --no-install-recommends ${packages.join(' ')}`;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  if (spawnSync('sh', ['-c', install], { env, stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0)
    process.exit(1);
}

const folder = mkdtempSync(path.join(tmpdir(), 'pinhole-interop-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
// Unpacked, and no more: none of its code is run.
const unpack = `npm pack --silent ${otlpDefinitions} && tar xzf *.tgz`;
if (spawnSync('sh', ['-c', unpack], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0)
  process.exit(1);

const tests = globSync('packages/*/test/*interop.test.ts');
// In the lab's namespaces, which some of them need and none minds.
const args = [process.execPath, '--test', '--test-concurrency=1', '--test-reporter=spec', ...tests];
const { status } = spawnSync(process.execPath, ['packages/lab/src/enter-main.ts', ...args], {
  stdio: 'inherit',
  env: { ...process.env, PINHOLE_OTLP_DEFINITIONS: path.join(folder, 'package/build/protos') },
});
process.exitCode = status ?? 1;
