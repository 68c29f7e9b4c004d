export * from './discovery/index.ts';
export * from './punch.ts';
