// Writes src/store/schema.sql: the schema after the last step, drawn from a database in memory.
import { writeFileSync } from 'node:fs';
import { silentLog } from '../../src/kit/log.ts';
import { migrate } from '../../src/store/index.ts';
import { pgliteDatabase } from '../../src/store/pglite-database.ts';
import { renderSchema } from '../../src/store/schema.ts';

const database = await pgliteDatabase({ log: silentLog });
await migrate(database);
writeFileSync(new URL('../../src/store/schema.sql', import.meta.url), await renderSchema(database));
await database.close();
