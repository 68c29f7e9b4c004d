export { type Agent, type AgentOptions, startAgent } from './agent.ts';
export { Discovery, type DiscoveryOptions } from './discovery/discovery.ts';
export { AgentError, type AgentErrorCode } from './errors.ts';
