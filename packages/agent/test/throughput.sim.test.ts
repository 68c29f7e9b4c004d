import { createSimulation } from '@pinhole/net/sim';
import { ip } from '@pinhole/wire';
import type { SessionWorld } from './suite/rounds.ts';
import { describeThroughput } from './suite/throughput.ts';

const createWorld = (): SessionWorld => {
  const simulation = createSimulation({ seed: 1 });
  const network = simulation.network('internet');
  const host = (name: string, address: string) => ({
    net: simulation.host({ name, network, addresses: [address], outgoing: { delayMs: 10 } }).net,
    address: ip(address),
  });
  return {
    source: host('source', '192.0.2.1'),
    target: host('target', '192.0.2.2'),
    run: (program) => simulation.runUntil(program),
    destroy: () => Promise.resolve(),
  };
};

describeThroughput('the simulator', createWorld, { leastShare: 0.99 });
