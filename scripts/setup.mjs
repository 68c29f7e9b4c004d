// Sets this machine up for Pinhole, as far as it lacks anything: the dependencies, Node.js 24 among them, and the
// package nftables for the kernel lab. Runs under any Node.js from 20 on, quickly when there is nothing to do.
//
//   node scripts/setup.mjs [--development]     --development: what the tests and checks need, too

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const development = process.argv.includes('--development');

installDependencies();
installPackages();

function installDependencies() {
  const stamp = join(root, 'node_modules', '.pinhole-setup');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const [installed, scope] = existsSync(stamp) ? readFileSync(stamp, 'utf8').split(' ') : [];
  const enough = scope === 'development' || !development;
  if (installed === wanted && enough && existsSync(join(root, 'node_modules', '.bin', 'node'))) return;
  say('Installing dependencies (Node.js 24 among them; once, about 20 s) …');
  const omit = development ? [] : ['--omit=dev'];
  // Not `npm ci`: it fails where a registry lacks the packages of other platforms, which nobody here would install.
  // With --no-save the lock file is followed and not written.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', ...omit];
  const { status } = spawnSync('npm', args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) stop('npm install failed; see its message above. Is a package registry within reach?');
  const { status: runs } = spawnSync(join(root, 'node_modules', '.bin', 'node'), ['--version'], {
    stdio: 'ignore',
  });
  if (runs !== 0)
    stop(
      "Node.js 24 was not installed: npm has not run the install script of the package 'node'. Is ignore-scripts set?",
    );
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(stamp, `${wanted} ${development ? 'development' : 'runtime'}`);
}

/** nft and ip, for the kernel lab. Without them the lab says itself what it lacks. */
function installPackages() {
  if (process.platform !== 'linux') return;
  const missing = [
    ['nft', 'nftables'],
    ['ip', 'iproute2'],
  ].filter(([program]) => !isInstalled(program));
  if (missing.length === 0) return;
  const names = missing.map(([, debianPackage]) => debianPackage);
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) {
    say(
      `The kernel lab needs ${missing.map(([program]) => program).join(' and ')}: as root, run  apt-get install ${names.join(' ')}`,
    );
    return;
  }
  say(`Installing Debian's ${names.join(' and ')} for the kernel lab …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) =>
    spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    }).status === 0;
  if (!(apt('update') && apt('install', '-y', '--no-install-recommends', ...names))) {
    say(`Could not install ${names.join(' and ')}; see apt-get's message above.`);
  }
}

/** Administrators' programs count though their folders may not be on this PATH: the lab looks there as well. */
function isInstalled(program) {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'].some(
    (folder) => {
      try {
        accessSync(join(folder, program), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    },
  );
}

function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}

function stop(sentence) {
  process.stderr.write(`setup: ${sentence}\n`);
  process.exit(1);
}
