// A program that builds a lab and tells what somebody without rights is and may do in it.

import { buildLab } from '../src/lab.ts';

const lab = await buildLab({ sites: [{ name: 'a', nat: 'eim-apdf' }] }, { verify: false });
const [host] = lab.sites.get('a')!.hosts;
const { stdout } = await host!.run(
  'sh',
  ['-c', 'id -u; grep ^Cap /proc/self/status; ip link set eth0 down'],
  {
    asUser: true,
  },
);
const isStillUp = (await host!.run('ip', ['-brief', 'link', 'show', 'eth0', 'up'])).stdout.startsWith('eth0');
process.stdout.write(`${stdout}${isStillUp ? 'up' : 'down'}\n`);
await lab.close();
