export type { LinkOptions } from './link.ts';
export {
  DEFAULT_BEHAVIOUR,
  type Dependence,
  Nat,
  type NatBehaviour,
  type PortAllocation,
  type Protocol,
} from './nat.ts';
export type { AttachOptions, Network } from './network.ts';
export * from './simulation.ts';
