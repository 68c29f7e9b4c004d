export * from './agents.ts';
export * from './common.ts';
export * from './dscp.ts';
export * from './paths.ts';
export * from './results.ts';
export * from './simple-agent.ts';
export * from './tests.ts';
