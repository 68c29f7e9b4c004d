// `npm run test:interop`: our server and other people's STUN clients. Installs those where it may.

import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const packages = ['coturn', 'stun-client'];
const clients = ['turnutils_stunclient', 'stun'];

const isInstalled = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
if (!clients.every(isInstalled)) {
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) {
    process.stderr.write(
      `Other STUN clients are needed: as root, run  apt-get install ${packages.join(' ')}\n`,
    );
    process.exit(1);
  }
  // coturn's package would start a relay of its own; nothing is to be started here.
  const install = `apt-get -qq update && apt-get -qq install -y --no-install-recommends ${packages.join(' ')}`;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  if (spawnSync('sh', ['-c', install], { env, stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0)
    process.exit(1);
}
const tests = globSync('packages/*/test/interop.test.ts');
// In the lab's namespaces, which some of them need and none minds.
const args = [process.execPath, '--test', '--test-concurrency=1', '--test-reporter=spec', ...tests];
const { status } = spawnSync(process.execPath, ['packages/lab/src/enter-main.ts', ...args], {
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
