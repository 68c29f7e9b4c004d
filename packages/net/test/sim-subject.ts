import { endpoint, ip } from '@pinhole/wire';
import { createSimulation } from '../src/sim/index.ts';
import type { Net } from '../src/types.ts';
import type { Subject } from './suite/subject.ts';

/** A host of the simulator, as the suite sees it; `made` makes its Net another one. */
export function simulatedSubject(name: string, made = (net: Net) => net): Subject {
  return {
    name,
    create() {
      const simulation = createSimulation({ seed: 1 });
      const network = simulation.network('lan');
      const host = simulation.host({ name: 'host', network, addresses: ['192.0.2.1', '2001:db8::1'] });
      // Takes packets to all addresses, and forwards none.
      const nowhere = simulation.network('nowhere');
      simulation.nat({
        inside: network,
        insideAddress: '192.0.2.254',
        outside: nowhere,
        outsideAddresses: ['198.51.100.1'],
      });
      const net = made(host.net);
      return {
        net,
        loopbacks: [ip('127.0.0.1'), ip('::1')],
        run: (program) => simulation.runUntil(program),
        silentEndpoint: async () => endpoint('203.0.113.1', 9),
        destroy: () => net.close(),
      };
    },
  };
}
