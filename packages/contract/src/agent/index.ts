export * from './check-in.ts';
export * from './configuration.ts';
export * from './enrolment.ts';
export * from './progress.ts';
export * from './results.ts';
