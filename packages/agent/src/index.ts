export { type Agent, type AgentOptions, startAgent } from './agent.ts';
export { Discovery, type DiscoveryOptions } from './discovery/discovery.ts';
export { type LifetimeOptions, LifetimeTrials, runTrial } from './discovery/lifetimes.ts';
export { AgentError, type AgentErrorCode } from './errors.ts';
