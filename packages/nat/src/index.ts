export * from './punch.ts';
