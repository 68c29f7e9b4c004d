// Sets this machine up for Pinhole, as far as it lacks anything: the dependencies, Node.js 24 among them, the package
// nftables for the kernel lab, and the web page, which is built anew when its sources have changed. Runs under any
// Node.js from 20 on, quickly when there is nothing to do.
//
//   node scripts/setup.mjs [--development]     --development: what the tests and checks need, too

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const development = process.argv.includes('--development');

installDependencies();
installPackages();
buildPage();

function installDependencies() {
  const stamp = join(root, 'node_modules', '.pinhole-setup');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const [installed, scope] = existsSync(stamp) ? readFileSync(stamp, 'utf8').split(' ') : [];
  const enough = scope === 'development' || !development;
  // What was installed for the tests stays.
  const isWhole = development || scope === 'development';
  if (installed === wanted && enough && existsSync(join(root, 'node_modules', '.bin', 'node'))) return;
  say('Installing dependencies (Node.js 24 among them; once, about 20 s) …');
  const omit = isWhole ? [] : ['--omit=dev'];
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
  writeFileSync(stamp, `${wanted} ${isWhole ? 'development' : 'runtime'}`);
}

/** nft and ip for the kernel lab, a browser for the tests of the page. What needs them says itself what it lacks. */
function installPackages() {
  if (process.platform !== 'linux') return;
  const missing = [
    { programs: ['nft'], debianPackage: 'nftables', aim: 'the kernel lab' },
    { programs: ['ip'], debianPackage: 'iproute2', aim: 'the kernel lab' },
    ...(development
      ? [
          {
            programs: ['chromium', 'chromium-browser', 'google-chrome'],
            debianPackage: 'chromium',
            aim: 'the tests of the page',
          },
        ]
      : []),
  ].filter(({ programs }) => !programs.some(isInstalled));
  if (missing.length === 0) return;
  const names = missing.map(({ debianPackage }) => debianPackage);
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) {
    for (const { programs, debianPackage, aim } of missing)
      say(`For ${aim} ${programs[0]} is missing: as root, run  apt-get install ${debianPackage}`);
    return;
  }
  const aims = [...new Set(missing.map(({ aim }) => aim))];
  say(`Installing Debian's ${names.join(' and ')} for ${aims.join(' and ')} …`);
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

/** packages/web/dist, which the collector serves. Where it cannot be built the rest works without. */
function buildPage() {
  const web = join(root, 'packages', 'web');
  const page = join(web, 'dist', 'index.html');
  const stamp = join(root, 'node_modules', '.pinhole-page');
  const wanted = pageSources();
  if (existsSync(page) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('Building the page …');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const { status } = spawnSync(
    join(root, 'node_modules', '.bin', 'node'),
    [vite, 'build', '--logLevel', 'warn'],
    { cwd: web, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, NO_COLOR: '1' } },
  );
  if (status === 0) writeFileSync(stamp, wanted);
  else say('The page could not be built; see the message above.');
}

/** Names what the page is built of by its content. */
function pageSources() {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  const folders = ['packages/web', 'packages/contract/src'];
  for (const folder of folders) {
    const files = readdirSync(join(root, folder), { recursive: true })
      .map(String)
      .filter((file) => !/^(dist|node_modules|dev|test|bench)(\/|$)|\.test\.ts$/.test(file))
      .sort();
    for (const file of files) {
      const path = join(root, folder, file);
      if (statSync(path).isFile()) hash.update(`${folder}/${file}\0`).update(readFileSync(path));
    }
  }
  return hash.digest('hex');
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
