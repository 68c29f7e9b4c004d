export * from './agent/index.ts';
export * from './errors.ts';
export * from './nat-traversal.ts';
export * from './page/index.ts';
export * from './path.ts';
export * from './primitives.ts';
export * from './rest/index.ts';
