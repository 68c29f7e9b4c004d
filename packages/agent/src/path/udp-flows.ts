// Flows over UDP from ports of their own, for which what is in front of the peer has been opened.

import { decodeStun, type Endpoint, encodeStun, findAttribute, stunMethods } from '@pinhole/wire';
import { sameOctets } from '../session/request.ts';
import { askTwice } from '../timing/ask.ts';
import { type Flow, type FreshFlow, freshFlow } from './flow.ts';
import { askForFlows } from './flows-request.ts';
import type { PathOptions } from './options.ts';

/** As many as there are traces; fewer where no more are to be had. */
export async function freshFlows({ net, session, plan, target }: PathOptions): Promise<FreshFlow[]> {
  const opened = await Promise.all(
    Array.from({ length: plan.traces }, () => freshFlow(net, session, target)),
  );
  return opened.filter((each) => each !== null);
}

/** Opens what is in front of the peer for them. */
export async function letIn(options: PathOptions, flows: readonly FreshFlow[]): Promise<void> {
  const { net, session, openerTtl, signal } = options;
  // Who has not been found cannot be asked.
  if (session.remote === null) return;
  const from = await Promise.all(flows.map((flow) => publicEndpoint(options, flow)));
  if (signal.aborted) return;
  // Ahead of the peer's packet: that may otherwise take the place of ours at a NAT of this side's.
  if (openerTtl !== null)
    for (const flow of flows) flow.send(bindingRequest(net.random.bytes(12), 'indication'), openerTtl);
  const known = from
    .map((each, i) => each ?? guess(session.mapped, flows[i]!))
    .filter((each) => each !== null);
  await askForFlows(options, known);
}

/** Where the NAT keeps ports, or there is none. */
function guess(mapped: Endpoint | null, { localPort }: Flow): Endpoint | null {
  return mapped === null ? null : { address: mapped.address, port: localPort };
}

/** As the NAT traversal server sees the flow's port; null where there is none, or it does not answer. */
async function publicEndpoint(
  { net, server, signal }: PathOptions,
  flow: FreshFlow,
): Promise<Endpoint | null> {
  if (server === null) return null;
  const { promise, resolve } = Promise.withResolvers<Endpoint | null>();
  const transactionId = net.random.bytes(12);
  flow.takeOther = (data) => {
    const decoded = decodeStun(data);
    if (!decoded.ok || !sameOctets(decoded.value.message.transactionId, transactionId)) return false;
    resolve(findAttribute(decoded.value.message, 'xor-mapped-address')?.endpoint ?? null);
    return true;
  };
  const request = bindingRequest(transactionId, 'request');
  const found = await askTwice(net.clock, signal, promise, () => flow.sendTo(request, server));
  flow.takeOther = null;
  return found;
}

function bindingRequest(transactionId: Uint8Array, kind: 'request' | 'indication'): Uint8Array {
  return encodeStun({ class: kind, method: stunMethods.binding, transactionId, attributes: [] });
}
