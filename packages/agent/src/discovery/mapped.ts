// One Binding request from a fresh port: where it comes out of the NATs (RFC 8489 §2).

import type { Net } from '@pinhole/net';
import {
  decodeStun,
  type Endpoint,
  encodeStun,
  findAttribute,
  maxRendezvousBytes,
  StunFramer,
  stunMethods,
  type Transport,
} from '@pinhole/wire';

export interface MappedQuestion {
  readonly transport: Transport;
  readonly local: Endpoint;
  /** Of TCP's local port: others may share it. @default false */
  readonly reusePort?: boolean;
  readonly server: Endpoint;
  readonly timeoutMs: number;
}

export interface MappedAnswer {
  readonly mapped: Endpoint;
  readonly local: Endpoint;
  /** Gives the port back; until then the mapping is held. */
  readonly close: () => void;
}

/** Over UDP, where the first is lost. RFC 8489 §6.2.1 has 500 ms, for servers that are far away and busy. */
const repeatAfterMs = 300;

/** Null where there is no answer in time. */
export function askMapped(net: Net, question: MappedQuestion): Promise<MappedAnswer | null> {
  return question.transport === 'udp' ? askUdp(net, question) : askTcp(net, question);
}

async function askUdp(net: Net, { local, server, timeoutMs }: MappedQuestion): Promise<MappedAnswer | null> {
  const transactionId = net.random.bytes(12);
  const answered = Promise.withResolvers<Endpoint | null>();
  const socket = await net.udp
    .open(
      { local },
      {
        onDatagrams: (batch) => {
          for (const { data } of batch) {
            const mapped = mappedIn(data, transactionId);
            if (mapped !== null) answered.resolve(mapped);
          }
        },
      },
    )
    .catch(() => null);
  if (socket === null) return null;
  const request = { data: bindingRequest(transactionId), to: server };
  socket.send(request);
  const timers = [
    net.clock.after(repeatAfterMs, () => socket.send(request)),
    net.clock.after(timeoutMs, () => answered.resolve(null)),
  ];
  const mapped = await answered.promise;
  for (const timer of timers) timer.cancel();
  if (mapped !== null) return { mapped, local: socket.local, close: () => socket.close() };
  socket.close();
  return null;
}

async function askTcp(
  net: Net,
  { local, reusePort = false, server, timeoutMs }: MappedQuestion,
): Promise<MappedAnswer | null> {
  const untilMs = net.clock.monotonicNs() / 1e6 + timeoutMs;
  const outcome = await net.tcp.connect({ remote: server, local, reusePort, timeoutMs });
  if (!outcome.connected) return null;
  const { connection } = outcome;
  const transactionId = net.random.bytes(12);
  const answered = Promise.withResolvers<Endpoint | null>();
  const framer = new StunFramer(maxRendezvousBytes);
  connection.start({
    onData: (data) => {
      const { messages, failure } = framer.push(data);
      for (const bytes of messages) {
        const mapped = mappedIn(bytes, transactionId);
        if (mapped !== null) answered.resolve(mapped);
      }
      if (failure !== null) answered.resolve(null);
    },
    onClose: () => answered.resolve(null),
  });
  connection.write(bindingRequest(transactionId));
  const leftMs = Math.max(1, untilMs - net.clock.monotonicNs() / 1e6);
  const timer = net.clock.after(leftMs, () => answered.resolve(null));
  const mapped = await answered.promise;
  timer.cancel();
  if (mapped !== null) return { mapped, local: connection.local, close: () => connection.reset() };
  connection.reset();
  return null;
}

function bindingRequest(transactionId: Uint8Array): Uint8Array {
  return encodeStun({ class: 'request', method: stunMethods.binding, transactionId, attributes: [] });
}

/** Null for anything but the answer. No packet comes from port 0. */
function mappedIn(bytes: Uint8Array, transactionId: Uint8Array): Endpoint | null {
  const decoded = decodeStun(bytes);
  if (!decoded.ok) return null;
  const { message } = decoded.value;
  const isAnswer = message.class === 'success' && Buffer.compare(message.transactionId, transactionId) === 0;
  const mapped = findAttribute(message, 'xor-mapped-address')?.endpoint;
  return isAnswer && mapped !== undefined && mapped.port > 0 ? mapped : null;
}
