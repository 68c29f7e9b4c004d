// In the order in which they are applied. A migration that was released is never changed.

import type { Migration } from 'kysely';
import { initial } from './001-initial.ts';
import { compatibilityCheck } from './002-compatibility-check.ts';
import { paths } from './003-paths.ts';

export const migrations: Record<string, Migration> = {
  '001-initial': initial,
  '002-compatibility-check': compatibilityCheck,
  '003-paths': paths,
};
