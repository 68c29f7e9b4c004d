// All operations of REST, in the order in which a reader meets them.

import { accountGroupOperations } from './account-groups.ts';
import { agentOperations } from './agents.ts';
import { alertOperations } from './alerts.ts';
import type { Operation } from './form.ts';
import { resultOperations } from './results.ts';
import { streamOperations } from './streams.ts';
import { testOperations } from './tests.ts';

export type { Operation } from './form.ts';

export const operations: readonly Operation[] = [
  ...agentOperations,
  ...testOperations,
  ...resultOperations,
  ...alertOperations,
  ...streamOperations,
  ...accountGroupOperations,
];
