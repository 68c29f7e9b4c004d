import { execFile, execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { linuxNetAvailable } from '../src/index.ts';

/** Whether this process may make network namespaces, and use them. */
export const namespaces = linuxNetAvailable().available && canMakeNamespaces();

function canMakeNamespaces(): boolean {
  try {
    execFileSync('unshare', ['-n', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function ip(...parameters: string[]): void {
  execFileSync('ip', parameters);
}

/** Two hosts, near and far, with a router between them. The link behind the router takes 1,300 octets. */
export interface RoutedPair {
  /** Paths, for inNetworkNamespace. */
  readonly near: string;
  readonly router: string;
  readonly far: string;
  /** The far host answers nothing from now on. */
  mute(): void;
  unmute(): void;
  remove(): void;
}

export const near = '198.51.100.2';
export const nearRouter = '198.51.100.1';
const farRouter = '203.0.113.1';
export const far = '203.0.113.2';
export const near6 = '2001:db8:1::2';
export const nearRouter6 = '2001:db8:1::1';
const farRouter6 = '2001:db8:2::1';
export const far6 = '2001:db8:2::2';
export const farMtu = 1300;

export function routedPair(): RoutedPair {
  const name = (place: string) => `pinhole-${place}-${process.pid}`;
  const places = ['near', 'router', 'far'].map(name);
  const [a, r, b] = places as [string, string, string];
  for (const place of places) {
    ip('netns', 'add', place);
    ip('-n', place, 'link', 'set', 'lo', 'up');
    // Addresses of IPv6 are there at once.
    ip('netns', 'exec', place, 'sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0');
  }
  ip('-n', a, 'link', 'add', 'name', 'host', 'type', 'veth', 'peer', 'name', 'near', 'netns', r);
  ip('-n', b, 'link', 'add', 'name', 'host', 'type', 'veth', 'peer', 'name', 'far', 'netns', r);
  for (const [place, link, address, address6] of [
    [a, 'host', near, near6],
    [r, 'near', nearRouter, nearRouter6],
    [r, 'far', farRouter, farRouter6],
    [b, 'host', far, far6],
  ] as const) {
    ip('-n', place, 'address', 'add', `${address}/24`, 'dev', link);
    ip('-n', place, 'address', 'add', `${address6}/64`, 'dev', link, 'nodad');
    ip('-n', place, 'link', 'set', link, 'up');
  }
  ip('-n', r, 'link', 'set', 'far', 'mtu', String(farMtu));
  for (const [place, router, router6] of [
    [a, nearRouter, nearRouter6],
    [b, farRouter, farRouter6],
  ] as const) {
    ip('-n', place, 'route', 'add', 'default', 'via', router);
    ip('-n', place, 'route', 'add', 'default', 'via', router6);
  }
  const forwarding = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'];
  ip('netns', 'exec', r, 'sysctl', '-qw', ...forwarding);
  const path = (place: string) => `/run/netns/${place}`;
  return {
    near: path(a),
    router: path(r),
    far: path(b),
    mute() {
      ip('-n', b, 'route', 'add', 'blackhole', `${near}/32`);
    },
    unmute() {
      ip('-n', b, 'route', 'delete', 'blackhole', `${near}/32`);
    },
    remove() {
      for (const place of places) ip('netns', 'delete', place);
    },
  };
}

/** Runs a program with `net`, the Linux implementation, in a process in the network namespace at `path`. */
export function inside(path: string, program: string) {
  const module = new URL('../src/index.ts', import.meta.url).href;
  const source = `import { createLinuxNet } from '${module}';
    const net = createLinuxNet();
    ${program}
    await net.close();`;
  const command = [process.execPath, '--input-type=module', '-e', source];
  return promisify(execFile)('ip', ['netns', 'exec', basename(path), ...command], { timeout: 60_000 });
}
