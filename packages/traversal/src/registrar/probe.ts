// Probes: an agent has something sent to itself. Where to is not for it to say: it goes to where the request came from,
// which the nonce has proved (authenticate.ts). The driver's probes/ does the sending.

import { type RendezvousBody, refusalCodes } from '@pinhole/wire';
import { answer, refusal } from './answers.ts';
import type { Identity } from './authenticate.ts';
import type { Channel, Effect, Now, RegistrarState } from './state.ts';

/** An authenticated Probe request. The agent need not be registered, nor the request come over its registration. */
export function probe(
  state: RegistrarState,
  channel: Channel,
  transactionId: Uint8Array,
  body: Extract<RendezvousBody, { kind: 'probe' }>,
  { agentId, password }: Identity,
  now: Now,
): Effect[] {
  const refuse = (
    code: number,
    reason: string,
    counter: 'refused-bad-request' | 'refused-too-many-probes',
  ) => {
    state.counters.add(counter);
    return [answer(channel, transactionId, refusal('probe', code, reason), password)];
  };
  // Over UDP the request's source is a UDP endpoint, and so on: a SYN there would go to somebody else's port.
  if ((body.probe === 'unsolicited-datagram') !== (channel.transport === 'udp')) {
    return refuse(refusalCodes.badRequest, 'Not over this transport', 'refused-bad-request');
  }
  if (!state.probes.take(agentId, now.ms)) {
    return refuse(refusalCodes.tooMany, 'Too many probes', 'refused-too-many-probes');
  }
  state.counters.add('probed');
  const request = { channel, transactionId: Uint8Array.from(transactionId), body, password };
  return [{ kind: 'probe', request }];
}
