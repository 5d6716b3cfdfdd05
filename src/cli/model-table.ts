// Models, aliases and credentials for people: aligned columns, and one thing a line. Unknown figures are shown as `?`, never as 0.
// Invariant: nothing that was stored reaches the terminal as a control character.
import { isObject, type JsonObject, listOf, numberOf, textOf } from '../core/json.ts';
import { columns, printable } from '../kit/table.ts';

const object = (value: unknown): JsonObject => (isObject(value) ? value : {});
const text = (value: unknown): string => (value === null || value === undefined ? '-' : printable(String(value)));
const whole = (value: unknown): string => numberOf(value)?.toLocaleString('en-US') ?? '?';

/** Takes entries of /model/info; returns a table, one deployment a line. */
export function modelTable(entries: readonly JsonObject[]): string {
  const rows = entries.map(({ model_name: name, litellm_params: params, model_info: info, plumbline: ours }) => [
    text(name),
    text(object(params).model),
    text(object(ours).owner),
    stateOf(object(ours)),
    whole(object(info).max_input_tokens),
    perMillion(object(info).input_cost_per_token),
    perMillion(object(info).output_cost_per_token),
  ]);
  if (rows.length === 0) return 'no models';
  return columns(['NAME', 'MODEL', 'OWNER', 'STATE', 'CONTEXT', '$/1M IN', '$/1M OUT'], rows, 4);
}

function stateOf({ served, backend, decommissioned_at: since }: JsonObject): string {
  if (typeof since === 'string') return `decommissioned ${since.slice(0, 10)}`;
  if (served !== true) return 'not served';
  return backend === 'away' ? 'away' : 'served';
}

function perMillion(price: unknown): string {
  const perToken = numberOf(price);
  if (perToken === undefined) return '?';
  return (perToken * 1_000_000).toLocaleString('en-US', { maximumFractionDigits: 4, useGrouping: false });
}

/** Takes an entry of /model/info; returns its facts, one a line, with where the figures come from. */
export function modelFacts({
  model_name: name,
  litellm_params: params,
  model_info: info,
  plumbline: ours,
}: JsonObject): string {
  const from = (source: unknown): string => (source === 'unknown' ? '' : ` (${text(source)})`);
  const { id, mode, max_input_tokens: input, max_output_tokens: output, ...rest } = object(info);
  const { model, ...called } = object(params);
  const {
    owner,
    credential,
    context_from: contextFrom,
    price_from: priceFrom,
    backend_asked_at: askedAt,
  } = object(ours);
  return facts([
    ['name', text(name)],
    ['id', text(id)],
    ['model', text(model)],
    ['owner', text(owner)],
    ['state', stateOf(object(ours))],
    ['credential', text(credential)],
    ['mode', text(mode)],
    ['context', `${whole(input)} in, ${whole(output)} out${from(contextFrom)}${asked(askedAt)}`],
    ['price', `${priceOf(rest)}${from(priceFrom)}`],
    ...Object.entries(called).map(([field, value]): [string, string] => [field, text(flat(value))]),
  ]);
}

const asked = (at: unknown): string => (typeof at === 'string' ? `, server asked ${at.slice(0, 19)}Z` : '');

function priceOf({ input_cost_per_token: input, output_cost_per_token: output }: JsonObject): string {
  return `$${perMillion(input)} in, $${perMillion(output)} out per million tokens`;
}

/** Takes deployments as /health tells of them; returns a table of what came of the calls. */
export function testTable(tried: readonly JsonObject[]): string {
  if (tried.length === 0) return 'nothing is served';
  return columns(
    ['NAME', 'DEPLOYMENT', 'CALL', 'TOOK', 'RESULT'],
    tried.map(({ model, model_id: id, operation, latency_ms: took, error, skipped }) => [
      text(model),
      text(id),
      text(operation),
      typeof took === 'number' ? `${whole(took)} ms` : '-',
      skipped === undefined ? (error === undefined ? 'well' : text(error)) : `not called: ${text(skipped)}`,
    ]),
  );
}

/** Takes aliases of /aliases; returns a table. */
export function aliasTable(aliases: readonly JsonObject[]): string {
  if (aliases.length === 0) return 'no aliases';
  return columns(
    ['NAME', 'OWNER', 'LEADS TO', 'STATE', 'STRATEGY', 'FALLBACKS'],
    aliases.map((alias) => [
      text(alias.name),
      text(alias.owner),
      leadsTo(alias),
      `${alias.served === true ? 'served' : 'not served'}${alias.hidden === true ? ', hidden' : ''}`,
      text(alias.strategy),
      listOf(alias.fallbacks).map(text).join(', ') || '-',
    ]),
  );
}

function leadsTo({ target, deployments }: JsonObject): string {
  if (textOf(target) !== undefined) return text(target);
  const count = listOf(deployments).length;
  return count === 1 ? '1 deployment' : `${count} deployments`;
}

/** Takes credentials of /credentials; returns a table of their fields, without values. */
export function credentialTable(credentials: readonly JsonObject[]): string {
  if (credentials.length === 0) return 'no credentials';
  return columns(
    ['NAME', 'OWNER', 'FIELDS', 'USED BY'],
    credentials.map(({ credential_name: name, credential_values: values, plumbline: ours }) => [
      text(name),
      text(object(ours).owner),
      Object.keys(object(values)).map(printable).join(', '),
      String(listOf(object(ours).used_by).length),
    ]),
  );
}

/** Takes an object; returns its fields, one a line. */
export function objectFacts(given: JsonObject): string {
  return facts(Object.entries(given).map(([name, value]) => [name.replaceAll('_', ' '), text(flat(value))]));
}

function facts(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function flat(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(flat).join(', ');
  return isObject(value) ? JSON.stringify(value) : value;
}
