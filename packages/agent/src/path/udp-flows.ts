// Flows over UDP from ports of their own, for which what is in front of the peer has been opened.

import { decodeStun, type Endpoint, encodeStun, findAttribute, stunMethods } from '@pinhole/wire';
import { type Flow, type FreshFlow, freshFlow } from './flow.ts';
import { askForFlows } from './flows-request.ts';
import type { PathOptions } from './options.ts';

const answerTimeoutMs = 1_000;
const askAgainMs = 300;

/** Flows of their own, with what is in front of the peer open for them. */
export async function openFlows(options: PathOptions): Promise<FreshFlow[]> {
  const { net, session, plan, target, openerTtl } = options;
  const opened = await Promise.all(
    Array.from({ length: plan.traces }, () => freshFlow(net, session, target)),
  );
  const flows = opened.filter((each) => each !== null);
  // Who has not been found cannot be asked.
  if (session.remote === null) return flows;
  const from = await Promise.all(flows.map((flow) => publicEndpoint(options, flow)));
  // Ahead of the peer's packet: that may otherwise take the place of ours at a NAT of this side's.
  if (openerTtl !== null)
    for (const flow of flows) flow.send(bindingRequest(net.random.bytes(12), 'indication'), openerTtl);
  const known = from
    .map((each, i) => each ?? guess(session.mapped, flows[i]!))
    .filter((each) => each !== null);
  await askForFlows(options, known);
  return flows;
}

/** Where the NAT keeps ports, or there is none. */
function guess(mapped: Endpoint | null, { localPort }: Flow): Endpoint | null {
  return mapped === null ? null : { address: mapped.address, port: localPort };
}

/** As the NAT traversal server sees the flow's port; null where there is none, or it does not answer. */
async function publicEndpoint({ net, server }: PathOptions, flow: FreshFlow): Promise<Endpoint | null> {
  if (server === null) return null;
  const { promise, resolve } = Promise.withResolvers<Endpoint | null>();
  const transactionId = net.random.bytes(12);
  flow.takeOther = (data) => {
    const decoded = decodeStun(data);
    if (!decoded.ok || Buffer.compare(decoded.value.message.transactionId, transactionId) !== 0) return false;
    resolve(findAttribute(decoded.value.message, 'xor-mapped-address')?.endpoint ?? null);
    return true;
  };
  const ask = () => flow.sendTo(bindingRequest(transactionId, 'request'), server);
  ask();
  const timers = [net.clock.after(askAgainMs, ask), net.clock.after(answerTimeoutMs, () => resolve(null))];
  const found = await promise;
  for (const timer of timers) timer.cancel();
  flow.takeOther = null;
  return found;
}

function bindingRequest(transactionId: Uint8Array, kind: 'request' | 'indication'): Uint8Array {
  return encodeStun({ class: kind, method: stunMethods.binding, transactionId, attributes: [] });
}
