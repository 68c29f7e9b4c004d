export { type Agent, type AgentOptions, startAgent } from './agent.ts';
export { AgentError, type AgentErrorCode } from './errors.ts';
