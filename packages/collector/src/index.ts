export type { TraversalPlacement } from './agents/configuration.ts';
export { type Collector, type CollectorOptions, startCollector } from './collector.ts';
export type { Limits } from './context.ts';
export { CollectorError, type CollectorErrorCode } from './errors.ts';
