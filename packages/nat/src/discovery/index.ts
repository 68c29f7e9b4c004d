export * from './lifetime/lifetimes.ts';
export * from './lifetime/trial.ts';
export { type DiscoveryState, startDiscovery, stepDiscovery } from './machine.ts';
export type * from './report.ts';
export {
  type AnswerBody,
  type Ask,
  type DiscoveryEffect,
  type DiscoveryEvent,
  type DiscoveryInput,
  type KeepAliveHistory,
  type Slot,
  testPort,
} from './state.ts';
export * from './verdict.ts';
