// For the tests: what is seen of a NAT of kind eim-apdf, to be changed in one point.

import { endpoint } from '@pinhole/wire';
import type { Observation } from './observation.ts';

export const inside = endpoint('10.1.0.2', 40000);
export const outside = (port: number) => endpoint('198.51.100.2', port);

const seen = [40000, 40000, 40000, 40000].map(outside);
const samples = [50000, 50007, 50020].map((port) => ({ localPort: port, seen: outside(port) }));
const mapped = { local: inside, seen, samples };

const example: Observation & { udp: object } = {
  udp: {
    ...mapped,
    passed: ['A1:P1'],
    beforeFirstPacketIn: outside(50000),
    afterFirstPacketIn: outside(50000),
    hairpinnedFrom: null,
    hairpinnedAs: seen[0]!,
  },
  tcp: {
    ...mapped,
    fromOtherPort: 'silence',
    fromOtherAddress: 'silence',
    simultaneousOpen: 'answered',
  },
  unsolicited: { tcp: 'silence', udp: 'silence' },
  hops: 3,
  traversal: { udp: [9119, 9120], tcp: [9119, 9120] },
  udpLifetime: null,
  tcpIdle: null,
};

export function observation(
  change: Partial<Omit<Observation, 'udp' | 'tcp'>> & {
    udp?: Partial<NonNullable<Observation['udp']>>;
    tcp?: Partial<Observation['tcp']>;
  },
): Observation {
  return {
    ...example,
    ...change,
    udp: { ...example.udp, ...change.udp },
    tcp: { ...example.tcp, ...change.tcp },
  };
}
