import { endpoint, ip } from '@pinhole/wire';
import { createSimulation } from '../src/sim/index.ts';
import { describeNet } from './suite/index.ts';

describeNet({
  name: 'simulator',
  create() {
    const simulation = createSimulation({ seed: 1 });
    const network = simulation.network('lan');
    const { net } = simulation.host({ name: 'host', network, addresses: ['192.0.2.1', '2001:db8::1'] });
    // Takes packets to all addresses, and forwards none.
    const nowhere = simulation.network('nowhere');
    simulation.nat({
      inside: network,
      insideAddress: '192.0.2.254',
      outside: nowhere,
      outsideAddresses: ['198.51.100.1'],
    });
    return {
      net,
      loopbacks: [ip('127.0.0.1'), ip('::1')],
      run: (program) => simulation.runUntil(program),
      silentEndpoint: async () => endpoint('203.0.113.1', 9),
      destroy: () => net.close(),
    };
  },
});
