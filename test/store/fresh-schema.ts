// An empty or a freshly migrated schema in a database that other cases used before.
import type { Database } from '../../src/store/database.ts';
import { migrate } from '../../src/store/index.ts';

/** Takes a database; leaves nothing of ours in it. */
export async function emptySchema(database: Database): Promise<void> {
  await database.query('drop schema if exists plumbline cascade');
}

/** Takes a database; leaves our tables in it, without rows. */
export async function freshSchema(database: Database): Promise<void> {
  await emptySchema(database);
  await migrate(database);
}
