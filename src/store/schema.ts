// The schema of a database as one page of text, read from its catalogue; the same on every version of PostgreSQL.
import type { Queries } from './database.ts';

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly byDefault: string | null;
  readonly comment: string | null;
}
interface Named {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
}

/** The days of a table are made as time goes by; the page shows what they are parts of. */
const columnsSql = `
  select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
    a.attnotnull as "isRequired", pg_get_expr(d.adbin, d.adrelid) as "byDefault", col_description(c.oid, a.attnum) as comment
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relnamespace = 'plumbline'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  order by c.relname, a.attnum`;

const partitionsSql = `
  select c.relname as table, '' as name, pg_get_partkeydef(c.oid) as definition
  from pg_class c where c.relnamespace = 'plumbline'::regnamespace and c.relkind = 'p'`;

/** From PostgreSQL 18 on, "not null" is a constraint of its own (kind n); here it stands at its column. */
const constraintsSql = `
  select c.relname as table, k.conname as name, pg_get_constraintdef(k.oid, true) as definition
  from pg_constraint k join pg_class c on c.oid = k.conrelid
  where c.relnamespace = 'plumbline'::regnamespace and k.contype <> 'n'
    and not c.relispartition order by c.relname, k.contype <> 'p', k.conname`;

const indexesSql = `
  select t.relname as table, i.relname as name, pg_get_indexdef(x.indexrelid) as definition
  from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
  where t.relnamespace = 'plumbline'::regnamespace and not t.relispartition
    and not exists (select from pg_constraint k where k.conindid = x.indexrelid and k.conrelid = x.indrelid)
  order by t.relname, i.relname`;

const triggersSql = `
  select c.relname as table, g.tgname as name, pg_get_triggerdef(g.oid, true) as definition
  from pg_trigger g join pg_class c on c.oid = g.tgrelid
  where c.relnamespace = 'plumbline'::regnamespace and not g.tgisinternal order by c.relname, g.tgname`;

const functionsSql = `
  select '' as table, p.proname as name, pg_get_functiondef(p.oid) as definition
  from pg_proc p where p.pronamespace = 'plumbline'::regnamespace order by p.proname`;

/** Takes a database; returns the schema plumbline in it as SQL that a person can read. */
export async function renderSchema(queries: Queries): Promise<string> {
  const columns = await queries.query<Column>(columnsSql);
  const constraints = await queries.query<Named>(constraintsSql);
  const others = [...(await queries.query<Named>(indexesSql)), ...(await queries.query<Named>(triggersSql))];
  const functions = await queries.query<Named>(functionsSql);
  const partitions = new Map((await queries.query<Named>(partitionsSql)).map((by) => [by.table, by.definition]));
  const tables = [...new Set(columns.map((column) => column.table))].map((table) =>
    renderTable(
      table,
      partitions.get(table),
      columns.filter((column) => column.table === table),
      constraints.filter((constraint) => constraint.table === table),
      others.filter((other) => other.table === table),
    ),
  );
  return `${[...functions.map((made) => `${made.definition.trim()};`), ...tables].join('\n\n')}\n`;
}

function renderTable(
  table: string,
  partitioned: string | undefined,
  columns: readonly Column[],
  constraints: readonly Named[],
  others: readonly Named[],
): string {
  const lines = [
    ...columns.map(renderColumn),
    ...constraints.map(({ name, definition }) => ({ text: `constraint ${name} ${definition}`, comment: null })),
  ].map(({ text, comment }, index, all) => {
    const comma = index < all.length - 1 ? ',' : '';
    return `  ${text}${comma}${comment === null ? '' : ` -- ${comment}`}`;
  });
  const end = partitioned === undefined ? ');' : `) partition by ${partitioned};`;
  return [`create table plumbline.${table} (`, ...lines, end, ...others.map((other) => `${other.definition};`)].join(
    '\n',
  );
}

function renderColumn(column: Column): { readonly text: string; readonly comment: string | null } {
  const words = [
    column.name,
    column.type,
    ...(column.isRequired ? ['not null'] : []),
    ...(column.byDefault === null ? [] : [`default ${column.byDefault}`]),
  ];
  return { text: words.join(' '), comment: column.comment };
}
