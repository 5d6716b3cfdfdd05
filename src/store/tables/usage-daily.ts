// Sums of usage by day: one row for each combination of who asked and what answered, one for each tag. Invariants: written
// in the statement that writes the rows they sum (store/write-usage.ts), so a row counts once; kept when the rows are dropped.
import type { Table } from '../table.ts';

/** What rows of a day are summed by. */
export const dailyDimensions = ['key_hash', 'user_id', 'team_id', 'alias', 'provider', 'model'] as const;
/** What rows of a day are summed by for each tag they carry. */
export const tagDimensions = ['tag', 'key_hash', 'alias', 'model'] as const;

/** Every sum: its column, and what one usage row adds to it. */
export const dailySums = [
  ['requests', '1'],
  ['successes', "(outcome = 'success')::integer"],
  ['failures', "(outcome = 'failure')::integer"],
  ['refusals', "(outcome = 'refused')::integer"],
  ['abandoned', "(outcome = 'abandoned')::integer"],
  ['input_tokens', 'input_tokens'],
  ['output_tokens', 'output_tokens'],
  ['cache_read_tokens', 'cache_read_tokens'],
  ['cache_write_tokens', 'cache_write_tokens'],
  ['cache_write_hour_tokens', 'cache_write_hour_tokens'],
  ['reasoning_tokens', 'reasoning_tokens'],
  ['audio_input_tokens', 'audio_input_tokens'],
  ['audio_output_tokens', 'audio_output_tokens'],
  ['search_units', 'search_units'],
  ['cost', 'cost'],
  ['unpriced', '(cost is null and input_tokens is not null)::integer'],
] as const satisfies readonly (readonly [string, string])[];

const sumColumns = `requests bigint not null,
          successes bigint not null,
          failures bigint not null,
          refusals bigint not null,
          abandoned bigint not null,
          input_tokens bigint not null,
          output_tokens bigint not null,
          cache_read_tokens bigint not null,
          cache_write_tokens bigint not null,
          cache_write_hour_tokens bigint not null,
          reasoning_tokens bigint not null,
          audio_input_tokens bigint not null,
          audio_output_tokens bigint not null,
          search_units bigint not null,
          cost numeric not null,
          unpriced bigint not null`;

const sumNames = `requests, successes, failures, refusals, abandoned, input_tokens, output_tokens, cache_read_tokens,
  cache_write_tokens, cache_write_hour_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens, search_units,
  cost, unpriced`;

const sumsOfRows = `count(*), count(*) filter (where outcome = 'success'), count(*) filter (where outcome = 'failure'),
  count(*) filter (where outcome = 'refused'), count(*) filter (where outcome = 'abandoned'),
  coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(cache_read_tokens), 0),
  coalesce(sum(cache_write_tokens), 0), coalesce(sum(cache_write_hour_tokens), 0), coalesce(sum(reasoning_tokens), 0),
  coalesce(sum(audio_input_tokens), 0), coalesce(sum(audio_output_tokens), 0), coalesce(sum(search_units), 0),
  coalesce(sum(cost), 0), count(*) filter (where cost is null and input_tokens is not null)`;

/** `place` is a hash of the names: it tells an absent name from an empty one, and its order is the order of all writers. */
export const usageDaily: Table = {
  name: 'usage_daily',
  steps: [
    {
      id: '2026-11-23-08-usage-daily',
      sql: [
        `create table plumbline.usage_daily (
          day date not null,
          place uuid not null,
          key_hash text,
          user_id text,
          team_id text,
          alias text,
          provider text,
          model text,
          ${sumColumns},
          primary key (day, place)
        )`,
        `comment on column plumbline.usage_daily.day is 'in UTC'`,
        `comment on column plumbline.usage_daily.place is 'hash of the names, absent ones told from empty ones'`,
        `comment on column plumbline.usage_daily.cost is 'US dollars, over the requests whose price is known'`,
        `comment on column plumbline.usage_daily.unpriced is 'requests with tokens whose cost is missing'`,
        'create index usage_daily_key on plumbline.usage_daily (key_hash, day)',
        `create table plumbline.usage_daily_tags (
          day date not null,
          place uuid not null,
          tag text not null,
          key_hash text,
          alias text,
          model text,
          ${sumColumns},
          primary key (day, place)
        )`,
        `comment on column plumbline.usage_daily_tags.requests is 'a request with several tags counts in each'`,
        `insert into plumbline.usage_daily (day, place, key_hash, user_id, team_id, alias, provider, model, ${sumNames})
         select (started_at at time zone 'UTC')::date,
           md5(jsonb_build_array(key_hash, user_id, team_id, alias, provider, model)::text)::uuid,
           key_hash, user_id, team_id, alias, provider, model, ${sumsOfRows}
         from plumbline.usage group by 1, 2, 3, 4, 5, 6, 7, 8`,
        `insert into plumbline.usage_daily_tags (day, place, tag, key_hash, alias, model, ${sumNames})
         select (started_at at time zone 'UTC')::date, md5(jsonb_build_array(tag, key_hash, alias, model)::text)::uuid,
           tag, key_hash, alias, model, ${sumsOfRows}
         from plumbline.usage cross join lateral (select distinct tag from unnest(tags) as carried (tag)) as carried
         group by 1, 2, 3, 4, 5, 6`,
      ],
    },
  ],
};
