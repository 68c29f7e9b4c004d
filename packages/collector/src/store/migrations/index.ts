// In the order in which they are applied. A migration that was released is never changed.

import type { Migration } from 'kysely';
import { initial } from './001-initial.ts';
import { compatibilityCheck } from './002-compatibility-check.ts';
import { paths } from './003-paths.ts';
import { rest } from './004-rest.ts';
import { people } from './005-people.ts';
import { figures } from './006-figures.ts';
import { alerts } from './007-alerts.ts';
import { streams } from './008-streams.ts';

export const migrations: Record<string, Migration> = {
  '001-initial': initial,
  '002-compatibility-check': compatibilityCheck,
  '003-paths': paths,
  '004-rest': rest,
  '005-people': people,
  '006-figures': figures,
  '007-alerts': alerts,
  '008-streams': streams,
};
