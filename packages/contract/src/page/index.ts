export * from './enrolment.ts';
export * from './path.ts';
export * from './people.ts';
export * from './preflight.ts';
export * from './progress.ts';
export * from './timeline.ts';
