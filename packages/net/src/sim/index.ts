export type { LinkOptions } from './link.ts';
export { Nat } from './nat.ts';
export * from './nat-behaviour.ts';
export type { AttachOptions, Network } from './network.ts';
export * from './simulation.ts';
