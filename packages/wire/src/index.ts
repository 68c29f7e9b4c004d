export * from './address.ts';
export * from './icmp/index.ts';
export type { Decoded } from './outcome.ts';
export {
  type OwnSide,
  type RendezvousBody,
  type RendezvousDecodeFailure,
  type RendezvousMethod,
  rendezvousMethods,
  sessionIdBytes,
} from './rendezvous/bodies.ts';
export * from './rendezvous/credential.ts';
export * from './rendezvous/messages.ts';
export {
  type NatProfile,
  type PairingMethod,
  type PortAllocation,
  type PortSearch,
  searchLimits,
} from './rendezvous/pairing.ts';
export * from './rendezvous/probe.ts';
export * from './rendezvous/transport.ts';
export * from './session/keys.ts';
export * from './session/messages.ts';
export * from './session/records.ts';
export * from './session/stream.ts';
export type { TcpFigures } from './session/tcp-figures.ts';
export * from './session/throughput.ts';
export * as stamp from './stamp/index.ts';
export * from './stun/index.ts';
