// An agent that does nothing but a discovery: a test port, and the driver.

import { Discovery } from '@pinhole/agent';
import type { DiscoveryInput, DiscoveryReport } from '@pinhole/nat';
import type { Net } from '@pinhole/net';
import { decodeStun, ip, traversalCredential } from '@pinhole/wire';

export const secret = new TextEncoder().encode('what collector and server share');

/** Rejects with SocketError where the port cannot be had; 0 takes any. */
export async function discover(
  net: Net,
  port: number,
  input: DiscoveryInput,
  agentId = '11',
): Promise<DiscoveryReport | null> {
  const socket = await net.udp.open(
    { local: { address: ip('0.0.0.0'), port } },
    {
      onDatagrams: (batch) => {
        for (const { data, from } of batch) {
          const decoded = decodeStun(data);
          if (decoded.ok) discovery.takeDatagram(decoded.value, from);
        }
      },
    },
  );
  const expiresAtS = Math.floor(net.clock.wallMs() / 1000) + 3600;
  const discovery = new Discovery({
    net,
    credential: traversalCredential(secret, agentId, expiresAtS),
    port: socket.local.port,
    sendUdp: (data, to) => socket.send({ data, to }),
    input,
  });
  const report = await discovery.report;
  socket.close();
  return report;
}
