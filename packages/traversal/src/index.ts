export { type BudgetOptions, defaultBudget } from './budget.ts';
export type { Counter, Counters } from './counters.ts';
export { startTraversalServer, type TraversalOptions, type TraversalServer } from './server.ts';
