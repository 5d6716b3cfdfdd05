// Names clients call. An alias has deployments, or stands for another alias, which must exist. Invariant: what is stored as a fallback can
// be called: it is an alias, a name that a wildcard covers, or the id of a deployment in service; the database refuses all else.
import type { AliasRecord, Owner } from '../../core/records.ts';
import type { Queries } from '../database.ts';
import { type OwnedTable, type Replaced, replaceOwnedRows } from '../owned-rows.ts';
import type { Table } from '../table.ts';

export const aliases: Table = {
  name: 'aliases',
  steps: [
    {
      id: '2026-11-23-03-aliases',
      sql: [
        `create table plumbline.aliases (
          name text primary key check (name <> ''),
          owner text not null check (owner in ('file', 'environment', 'api')),
          strategy text,
          target text check (target <> name)
            references plumbline.aliases (name) on update cascade deferrable initially deferred,
          hidden boolean not null default false,
          settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now()
        )`,
        `create trigger tell_change after insert or update or delete on plumbline.aliases
          for each row execute function plumbline.tell_change()`,
      ],
    },
    {
      id: '2026-11-23-51-fallbacks-lead',
      // Gateways that do not know it keep to it: they look before they store, and take a refusal as that of a reference.
      additive: true,
      sql: [
        // As the gateway finds what a name means: gateway/model-map.ts.
        `create function plumbline.answers_to(alias text, called text) returns boolean
          language sql immutable parallel safe as $$
            select position('*' in called) = 0 and case position('*' in alias) when 0 then alias = called
              else length(called) >= length(alias) - 1
                and starts_with(called, split_part(alias, '*', 1))
                and right(called, length(alias) - position('*' in alias)) = substr(alias, position('*' in alias) + 1) end
          $$`,
        // Those of everybody have no source.
        `create function plumbline.fallbacks() returns table (source text, owner text, name text)
          language sql stable as $$
            select held.name, held.owner, listed.name #>> '{}'
            from plumbline.aliases held,
              unnest('{fallbacks,contextWindowFallbacks,contentPolicyFallbacks}'::text[]) kind,
              jsonb_path_query(held.settings -> kind, '$[*]') listed(name)
            union all
            select null, held.owner, listed.name #>> '{}'
            from plumbline.settings held, jsonb_path_query(held.value, '$[*]') listed(name)
            where held.name = 'router.defaultFallbacks'
          $$`,
        `create function plumbline.lost_fallbacks() returns table (source text, name text, says text)
          language sql stable as $$
            select stored.source, stored.name,
              case when stored.source is null then 'the default fallbacks name ' || stored.name
                else 'the alias ' || stored.source || ' falls back on ' || stored.name end || ', and there is no such model'
            from plumbline.fallbacks() stored
            where not exists (select from plumbline.aliases one where plumbline.answers_to(one.name, stored.name))
              and not exists (select from plumbline.deployments one where one.id = stored.name
                and position('*' in one.id) = 0 and one.decommissioned_at is null)
          $$`,
        // Looked at when the transaction ends, one transaction after the other: of two that each take away what the other leans on, one fails.
        // Only what was written is judged; a table that is gone costs no other.
        `create function plumbline.fallbacks_lead() returns trigger language plpgsql as $$
          declare
            lost text[];
          begin
            if exists (select from unnest('{aliases,deployments,settings}'::text[]) needed
                where to_regclass('plumbline.' || needed) is null) then
              return null;
            end if;
            perform pg_advisory_xact_lock(7215862313);
            if tg_table_name = 'settings' then
              lost := array(select distinct says from plumbline.lost_fallbacks() where source is null);
            elsif tg_argv[0] = 'written' then
              lost := array(select distinct says from plumbline.lost_fallbacks() where source = new.name);
            elsif tg_table_name = 'aliases' then
              lost := array(select distinct says from plumbline.lost_fallbacks() lost
                where plumbline.answers_to(old.name, lost.name));
            else
              lost := array(select distinct says from plumbline.lost_fallbacks() lost where lost.name = old.id);
            end if;
            if cardinality(lost) > 0 then
              raise exception 'a fallback would lead nowhere' using errcode = 'foreign_key_violation',
                constraint = 'fallbacks_lead', detail = array_to_string(lost, '; ');
            end if;
            return null;
          end $$`,
        `create constraint trigger fallbacks_written after insert or update of name, settings on plumbline.aliases
          deferrable initially deferred for each row execute function plumbline.fallbacks_lead('written')`,
        `create constraint trigger fallbacks_gone after delete or update of name on plumbline.aliases
          deferrable initially deferred for each row execute function plumbline.fallbacks_lead('gone')`,
        `create constraint trigger fallbacks_gone after delete or update of id, decommissioned_at on plumbline.deployments
          deferrable initially deferred for each row execute function plumbline.fallbacks_lead('gone')`,
        `create constraint trigger fallbacks_written after insert or update on plumbline.settings
          deferrable initially deferred for each row when (new.name = 'router.defaultFallbacks')
          execute function plumbline.fallbacks_lead('written')`,
      ],
    },
  ],
};

const shape: OwnedTable = {
  noun: 'alias',
  table: 'plumbline.aliases',
  key: 'name',
  columns: { strategy: 'text', target: 'text', hidden: 'boolean', settings: 'jsonb' },
  // A name with deployments does not become one that stands for another.
  goesOver: '(excluded.target is null or held.target is not null)',
  needed: `exists (select 1 from plumbline.deployments where alias = held.name and owner <> $1)
    or exists (select 1 from plumbline.aliases other where other.target = held.name and other.owner <> $1)
    or exists (select 1 from plumbline.fallbacks() stored
      where stored.owner <> $1 and plumbline.answers_to(held.name, stored.name)
        and not exists (select 1 from plumbline.aliases other
          where other.name <> held.name and (other.owner <> $1 or other.name = any($2::text[]))
            and plumbline.answers_to(other.name, stored.name)))`,
};

type Settings = Pick<AliasRecord, 'fallbacks' | 'contextWindowFallbacks' | 'contentPolicyFallbacks' | 'retryPolicy'>;
type Row = Omit<AliasRecord, keyof Settings> & { readonly settings: Partial<Settings> };

const noSettings: Settings = { fallbacks: [], contextWindowFallbacks: [], contentPolicyFallbacks: [], retryPolicy: {} };

/** Returns every alias. */
export async function readAliases(queries: Queries): Promise<AliasRecord[]> {
  const rows = await queries.query<Row>(
    'select name, owner, target, hidden, strategy, settings from plumbline.aliases order by name',
  );
  return rows.map(({ settings, ...row }) => ({ ...row, ...noSettings, ...settings }));
}

/** A stored fallback that leads nowhere: of an alias, or of everybody (null). */
export interface LostFallback {
  readonly source: string | null;
  readonly name: string;
}

/** Returns the fallbacks that lead nowhere: those that were stored before the database looked. */
export function lostFallbacks(queries: Queries): Promise<LostFallback[]> {
  return queries.query<LostFallback>(
    'select distinct source, name from plumbline.lost_fallbacks() order by source, name',
  );
}

/** Takes an owner and all it declares; makes them that owner's aliases. */
export async function replaceAliases(
  queries: Queries,
  owner: Owner,
  declared: readonly AliasRecord[],
  prunes = true,
): Promise<Replaced> {
  const rows = declared.map(
    ({ name, strategy, target, hidden, fallbacks, contextWindowFallbacks, contentPolicyFallbacks, retryPolicy }) => {
      const settings: Settings = { fallbacks, contextWindowFallbacks, contentPolicyFallbacks, retryPolicy };
      return { name, strategy, target, hidden, settings };
    },
  );
  const replaced = await replaceOwnedRows(queries, shape, owner, rows, prunes);
  if (replaced.passedOn !== undefined) await queries.query(namesOnly, [replaced.passedOn]);
  return replaced;
}

/** The API's aliases fall back on names: an id would hold its owner to a deployment. */
const namesOnly = `update plumbline.aliases held set settings = (
    select jsonb_object_agg(key, case when key like '%allbacks' then (
        select coalesce(jsonb_agg(listed), '[]') from jsonb_array_elements_text(value) listed
        where exists (select from plumbline.aliases one where plumbline.answers_to(one.name, listed)))
      else value end)
    from jsonb_each(held.settings))
  where name = any($1::text[]) and settings <> '{}'`;
