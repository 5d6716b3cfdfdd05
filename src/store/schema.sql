CREATE OR REPLACE FUNCTION plumbline.answers_to(alias text, called text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
            select position('*' in called) = 0 and case position('*' in alias) when 0 then alias = called
              else length(called) >= length(alias) - 1
                and starts_with(called, split_part(alias, '*', 1))
                and right(called, length(alias) - position('*' in alias)) = substr(alias, position('*' in alias) + 1) end
          $function$;

CREATE OR REPLACE FUNCTION plumbline.fallbacks()
 RETURNS TABLE(source text, owner text, name text)
 LANGUAGE sql
 STABLE
AS $function$
            select held.name, held.owner, listed.name #>> '{}'
            from plumbline.aliases held,
              unnest('{fallbacks,contextWindowFallbacks,contentPolicyFallbacks}'::text[]) kind,
              jsonb_path_query(held.settings -> kind, '$[*]') listed(name)
            union all
            select null, held.owner, listed.name #>> '{}'
            from plumbline.settings held, jsonb_path_query(held.value, '$[*]') listed(name)
            where held.name = 'router.defaultFallbacks'
          $function$;

CREATE OR REPLACE FUNCTION plumbline.fallbacks_lead()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
          end $function$;

CREATE OR REPLACE FUNCTION plumbline.fingerprint(provider text, model text, base_url text, credential text, parameters jsonb)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
            select encode(sha256(convert_to(jsonb_build_array(provider, model, base_url, credential, parameters
              - '{weight,rpm,tpm,order,maxParallel,cooldownMs,prices}'::text[])::text, 'UTF8')), 'hex')
          $function$;

CREATE OR REPLACE FUNCTION plumbline.lost_fallbacks()
 RETURNS TABLE(source text, name text, says text)
 LANGUAGE sql
 STABLE
AS $function$
            select stored.source, stored.name,
              case when stored.source is null then 'the default fallbacks name ' || stored.name
                else 'the alias ' || stored.source || ' falls back on ' || stored.name end || ', and there is no such model'
            from plumbline.fallbacks() stored
            where not exists (select from plumbline.aliases one where plumbline.answers_to(one.name, stored.name))
              and not exists (select from plumbline.deployments one where one.id = stored.name
                and position('*' in one.id) = 0 and one.decommissioned_at is null)
          $function$;

CREATE OR REPLACE FUNCTION plumbline.tell_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
          begin
            if tg_nargs = 0 then
              perform pg_notify('plumbline_changed', tg_table_name);
              return null;
            end if;
            if tg_op <> 'INSERT' then
              perform pg_notify('plumbline_changed', tg_table_name || ':' || (to_jsonb(old) ->> tg_argv[0]));
            end if;
            if tg_op <> 'DELETE' then
              perform pg_notify('plumbline_changed', tg_table_name || ':' || (to_jsonb(new) ->> tg_argv[0]));
            end if;
            return null;
          end $function$;

create table plumbline.adopted (
  kind text not null,
  source_id text not null, -- what the row is called in LiteLLM
  our_id text not null,
  checksum text not null, -- of what was brought: another one says that it changed there
  amount numeric not null default 0, -- history: US dollars in the usage rows that were brought
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint adopted_pkey PRIMARY KEY (kind, source_id),
  constraint adopted_kind_check CHECK (kind <> ''::text)
);

create table plumbline.aliases (
  name text not null,
  owner text not null,
  strategy text,
  target text,
  hidden boolean not null default false,
  settings jsonb not null default '{}'::jsonb,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint aliases_pkey PRIMARY KEY (name),
  constraint aliases_check CHECK (target <> name),
  constraint aliases_name_check CHECK (name <> ''::text),
  constraint aliases_owner_check CHECK (owner = ANY (ARRAY['file'::text, 'environment'::text, 'api'::text])),
  constraint aliases_settings_check CHECK (jsonb_typeof(settings) = 'object'::text),
  constraint aliases_target_fkey FOREIGN KEY (target) REFERENCES aliases(name) ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
  constraint fallbacks_gone TRIGGER DEFERRABLE INITIALLY DEFERRED,
  constraint fallbacks_written TRIGGER DEFERRABLE INITIALLY DEFERRED
);
CREATE CONSTRAINT TRIGGER fallbacks_gone AFTER DELETE OR UPDATE OF name ON aliases DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fallbacks_lead('gone');
CREATE CONSTRAINT TRIGGER fallbacks_written AFTER INSERT OR UPDATE OF name, settings ON aliases DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fallbacks_lead('written');
CREATE TRIGGER tell_change AFTER INSERT OR DELETE OR UPDATE ON aliases FOR EACH ROW EXECUTE FUNCTION tell_change();

create table plumbline.canary (
  id boolean not null default true,
  sealed text not null,
  constraint canary_pkey PRIMARY KEY (id),
  constraint canary_id_check CHECK (id),
  constraint canary_sealed CHECK (sealed ~~ 'pl1:%'::text)
);
CREATE TRIGGER tell_change AFTER INSERT OR DELETE OR UPDATE ON canary FOR EACH ROW EXECUTE FUNCTION tell_change();

create table plumbline.credentials (
  id uuid not null default gen_random_uuid(),
  name text not null,
  owner text not null,
  sealed jsonb not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint credentials_pkey PRIMARY KEY (id),
  constraint credentials_name_check CHECK (name <> ''::text),
  constraint credentials_name_key UNIQUE (name),
  constraint credentials_owner_check CHECK (owner = ANY (ARRAY['file'::text, 'environment'::text, 'api'::text])),
  constraint credentials_sealed CHECK (jsonb_typeof(sealed) = 'object'::text AND NOT jsonb_path_exists(sealed, 'strict $.*?(@.type() != "string" || !(@ like_regex "^pl1:[0-9a-f]{8}:[A-Za-z0-9_-]{38,}$"))'::jsonpath))
);
CREATE TRIGGER tell_change AFTER INSERT OR DELETE OR UPDATE ON credentials FOR EACH ROW EXECUTE FUNCTION tell_change();

create table plumbline.deployments (
  id text not null,
  alias text not null,
  owner text not null,
  position integer not null,
  provider text not null,
  model text not null,
  base_url text,
  credential text,
  parameters jsonb not null default '{}'::jsonb,
  info jsonb not null default '{}'::jsonb,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  decommissioned_at timestamp with time zone,
  fingerprint text default 
CASE
    WHEN (decommissioned_at IS NULL) THEN fingerprint(provider, model, base_url, credential, parameters)
    ELSE NULL::text
END,
  constraint deployments_pkey PRIMARY KEY (id),
  constraint deployments_alias_fkey FOREIGN KEY (alias) REFERENCES aliases(name) ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
  constraint deployments_credential_fkey FOREIGN KEY (credential) REFERENCES credentials(name) ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
  constraint deployments_id_check CHECK (id <> ''::text),
  constraint deployments_info_check CHECK (jsonb_typeof(info) = 'object'::text),
  constraint deployments_once UNIQUE (alias, fingerprint) DEFERRABLE INITIALLY DEFERRED,
  constraint deployments_owner_check CHECK (owner = ANY (ARRAY['file'::text, 'environment'::text, 'api'::text])),
  constraint deployments_parameters_check CHECK (jsonb_typeof(parameters) = 'object'::text),
  constraint fallbacks_gone TRIGGER DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX deployments_alias ON plumbline.deployments USING btree (alias, "position");
CREATE INDEX deployments_credential ON plumbline.deployments USING btree (credential);
CREATE CONSTRAINT TRIGGER fallbacks_gone AFTER DELETE OR UPDATE OF id, decommissioned_at ON deployments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fallbacks_lead('gone');
CREATE TRIGGER tell_change AFTER INSERT OR DELETE OR UPDATE ON deployments FOR EACH ROW EXECUTE FUNCTION tell_change();

create table plumbline.keys (
  id uuid not null default gen_random_uuid(),
  hash text not null,
  preview text not null,
  alias text,
  models text[] not null default '{}'::text[],
  expires_at timestamp with time zone,
  blocked boolean not null default false,
  user_id text,
  team_id text,
  metadata jsonb not null default '{}'::jsonb,
  created_at timestamp with time zone not null default now(),
  created_by text,
  updated_at timestamp with time zone not null default now(),
  constraint keys_pkey PRIMARY KEY (id),
  constraint keys_alias_check CHECK (alias <> ''::text),
  constraint keys_alias_key UNIQUE (alias),
  constraint keys_hash_check CHECK (hash ~ '^[0-9a-f]{64}$'::text),
  constraint keys_hash_key UNIQUE (hash),
  constraint keys_metadata_check CHECK (jsonb_typeof(metadata) = 'object'::text),
  constraint keys_preview_check CHECK (length(preview) <= 16)
);
CREATE INDEX keys_created_at ON plumbline.keys USING btree (created_at, id);
CREATE INDEX keys_team_id ON plumbline.keys USING btree (team_id);
CREATE INDEX keys_user_id ON plumbline.keys USING btree (user_id);
CREATE TRIGGER tell_change AFTER INSERT OR DELETE OR UPDATE ON keys FOR EACH ROW EXECUTE FUNCTION tell_change('hash');

create table plumbline.settings (
  name text not null,
  owner text not null,
  value jsonb not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint settings_pkey PRIMARY KEY (name),
  constraint fallbacks_written TRIGGER DEFERRABLE INITIALLY DEFERRED,
  constraint settings_name_check CHECK (name <> ''::text),
  constraint settings_owner_check CHECK (owner = ANY (ARRAY['file'::text, 'environment'::text, 'api'::text]))
);
CREATE CONSTRAINT TRIGGER fallbacks_written AFTER INSERT OR UPDATE ON settings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.name = 'router.defaultFallbacks'::text) EXECUTE FUNCTION fallbacks_lead('written');
CREATE TRIGGER tell_change AFTER INSERT OR DELETE OR UPDATE ON settings FOR EACH ROW EXECUTE FUNCTION tell_change();

create table plumbline.steps (
  id text not null,
  table_name text not null,
  checksum text not null,
  taken_at timestamp with time zone not null default now(),
  additive boolean not null default false,
  constraint steps_pkey PRIMARY KEY (id)
);

create table plumbline.tool_servers (
  id uuid not null default gen_random_uuid(),
  name text not null,
  owner text not null,
  alias text,
  transport text not null,
  url text,
  command text,
  arguments jsonb not null default '[]'::jsonb,
  auth text not null default 'none'::text,
  settings jsonb not null default '{}'::jsonb,
  sealed jsonb not null default '{}'::jsonb,
  prefix text default COALESCE(alias, name), -- what the names of its tools begin with
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint tool_servers_pkey PRIMARY KEY (id),
  constraint tool_servers_alias_check CHECK (alias <> ''::text),
  constraint tool_servers_arguments_check CHECK (jsonb_typeof(arguments) = 'array'::text),
  constraint tool_servers_auth_check CHECK (auth = ANY (ARRAY['none'::text, 'api_key'::text, 'bearer_token'::text, 'basic'::text, 'authorization'::text, 'oauth2'::text])),
  constraint tool_servers_name_check CHECK (name <> ''::text),
  constraint tool_servers_name_key UNIQUE (name),
  constraint tool_servers_owner_check CHECK (owner = ANY (ARRAY['file'::text, 'environment'::text, 'api'::text])),
  constraint tool_servers_prefix UNIQUE (prefix) DEFERRABLE INITIALLY DEFERRED,
  constraint tool_servers_reached CHECK (
CASE
    WHEN transport = 'stdio'::text THEN command IS NOT NULL AND url IS NULL
    ELSE command IS NULL AND url IS NOT NULL
END),
  constraint tool_servers_sealed CHECK (jsonb_typeof(sealed) = 'object'::text AND NOT jsonb_path_exists(sealed, 'strict $.*?(@.type() != "string" || !(@ like_regex "^pl1:[0-9a-f]{8}:[A-Za-z0-9_-]{38,}$"))'::jsonpath)),
  constraint tool_servers_settings_check CHECK (jsonb_typeof(settings) = 'object'::text),
  constraint tool_servers_transport_check CHECK (transport = ANY (ARRAY['http'::text, 'sse'::text, 'stdio'::text]))
);
CREATE TRIGGER tell_change AFTER INSERT OR DELETE OR UPDATE ON tool_servers FOR EACH ROW EXECUTE FUNCTION tell_change();

create table plumbline.usage (
  request_id text not null,
  started_at timestamp with time zone not null,
  ended_at timestamp with time zone not null,
  operation text not null,
  route text not null,
  dialect text not null,
  stream boolean not null,
  outcome text not null,
  status integer not null,
  error_code text,
  key_id text,
  key_hash text,
  user_id text,
  team_id text,
  end_user text,
  alias text,
  deployment_id text,
  provider text,
  model text,
  input_tokens bigint, -- null: the provider reported none
  output_tokens bigint,
  cache_read_tokens bigint,
  cache_write_tokens bigint,
  cache_write_hour_tokens bigint,
  reasoning_tokens bigint,
  audio_input_tokens bigint,
  audio_output_tokens bigint,
  search_units bigint,
  usage_partial boolean not null,
  cost numeric, -- US dollars; null: the price is unknown, never 0
  attempts integer not null,
  fallbacks integer not null,
  queue_ms real not null,
  first_ms real,
  total_ms real not null,
  overhead_ms real not null,
  tags text[] not null,
  session text,
  caller_address text,
  dropped_parameters text[] not null,
  constraint usage_pkey PRIMARY KEY (request_id, started_at),
  constraint usage_cost_check CHECK (cost >= 0::numeric AND cost < 'Infinity'::numeric),
  constraint usage_outcome_check CHECK (outcome = ANY (ARRAY['success'::text, 'failure'::text, 'refused'::text, 'abandoned'::text])),
  constraint usage_reported_or_not CHECK (num_nulls(input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cache_write_hour_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens, search_units) = ANY (ARRAY[0, 9]))
) partition by RANGE (started_at);
CREATE INDEX usage_key ON ONLY plumbline.usage USING btree (key_hash, started_at);
CREATE INDEX usage_started_at ON ONLY plumbline.usage USING btree (started_at);

create table plumbline.usage_contents (
  request_id text not null,
  started_at timestamp with time zone not null,
  asked text, -- the body as the client sent it; null: too long to be kept
  answered text, -- the body as the client got it, or the events of a stream; null: too long to be kept
  constraint usage_contents_pkey PRIMARY KEY (request_id, started_at)
) partition by RANGE (started_at);

create table plumbline.usage_daily (
  day date not null, -- in UTC
  place uuid not null, -- hash of the names, absent ones told from empty ones
  key_hash text,
  user_id text,
  team_id text,
  alias text,
  provider text,
  model text,
  requests bigint not null,
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
  cost numeric not null, -- US dollars, over the requests whose price is known
  unpriced bigint not null, -- requests with tokens whose cost is missing
  constraint usage_daily_pkey PRIMARY KEY (day, place)
);
CREATE INDEX usage_daily_key ON plumbline.usage_daily USING btree (key_hash, day);

create table plumbline.usage_daily_tags (
  day date not null,
  place uuid not null,
  tag text not null,
  key_hash text,
  alias text,
  model text,
  requests bigint not null, -- a request with several tags counts in each
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
  unpriced bigint not null,
  constraint usage_daily_tags_pkey PRIMARY KEY (day, place)
);
