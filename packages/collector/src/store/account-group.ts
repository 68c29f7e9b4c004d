// The one account group that a collector is.

import type { AccountGroup } from '@pinhole/contract';
import type { Store } from './schema.ts';

export const accountGroupId = '1';
const nameSetting = 'account-group-name';

export async function findAccountGroup(db: Store): Promise<AccountGroup> {
  const row = await db
    .selectFrom('setting')
    .select('value')
    .where('name', '=', nameSetting)
    .executeTakeFirst();
  return { aid: accountGroupId, accountGroupName: row?.value ?? 'Default' };
}

export async function renameAccountGroup(db: Store, value: string): Promise<void> {
  await db
    .insertInto('setting')
    .values({ name: nameSetting, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}
