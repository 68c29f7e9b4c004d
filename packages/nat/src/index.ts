export * from './discovery/index.ts';
export * from './pairing/index.ts';
export * from './punch.ts';
