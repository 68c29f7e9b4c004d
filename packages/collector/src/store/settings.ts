import type { Store } from './schema.ts';

/** The value of a setting, written on first use. */
export async function settingOrNew(db: Store, name: string, make: () => string): Promise<string> {
  const row = await db.selectFrom('setting').select('value').where('name', '=', name).executeTakeFirst();
  if (row !== undefined) return row.value;
  const value = make();
  await db.insertInto('setting').values({ name, value }).execute();
  return value;
}
