// litellm_params of an entry: what is honoured, the secrets, and whatever is passed on to the provider.
import type { JsonValue } from '../core/json.ts';
import type { DeploymentParameters, ModelInfo } from '../core/records.ts';
import { nearMiss } from './did-you-mean.ts';
import type { GivenSecret } from './draft.ts';
import { secretText } from './litellm-credentials.ts';
import {
  isSecretField,
  isSecretHeader,
  litellmParams,
  priceFields,
  requestParameters,
  secretFields,
} from './litellm-keys.ts';
import { type Desk, readSection, resolve, type Section } from './litellm-section.ts';
import type { Dictionary, Entry, Tree } from './yaml-source.ts';
import { isNothing, jsonOf } from './yaml-values.ts';

export interface Params {
  /** The honoured keys. */
  readonly section: Section;
  /** By field; a header that carries a secret is `header:<name>`. */
  readonly secrets: ReadonlyMap<string, GivenSecret>;
  readonly headers: ReadonlyMap<string, string>;
  /** Keys that are not LiteLLM's own: sent with every request that does not set them. */
  readonly defaults: ReadonlyMap<string, JsonValue>;
}

/** Takes litellm_params and the entries that lie below them (used where it has none of its own); returns them sorted out. */
export function readParams(desk: Desk, own: Dictionary, below: readonly Entry[]): Params {
  const entries = new Map([...below].reverse().map((entry) => [entry.key, entry]));
  for (const entry of own.entries) entries.set(entry.key, entry);
  const secrets = new Map<string, GivenSecret>();
  const defaults = new Map<string, JsonValue>();
  const section = readSection(desk, { ...own, entries: [...entries.values()] }, litellmParams, (entry) =>
    readOther(desk, entry, secrets, defaults),
  );
  for (const field of secretFields) keepSecret(desk, field, section.get(field), secrets);
  return { section, secrets, headers: readHeaders(desk, section, secrets), defaults };
}

function keepSecret(desk: Desk, field: string, tree: Tree | undefined, secrets: Map<string, GivenSecret>): void {
  const text = tree === undefined ? undefined : secretText(desk, tree);
  const reference = tree?.kind === 'scalar' ? tree.reference : undefined;
  if (text !== undefined) secrets.set(field, { text, reference });
}

const knownParams = [...Object.keys(litellmParams), ...requestParameters];

function readOther(
  desk: Desk,
  entry: Entry,
  secrets: Map<string, GivenSecret>,
  defaults: Map<string, JsonValue>,
): void {
  if (isNothing(entry.value)) return;
  const meant = requestParameters.includes(entry.key) ? undefined : nearMiss(entry.key, knownParams);
  const passOn = (): void => void defaults.set(entry.key, jsonOf(resolve(desk, entry.value)));
  if (requestParameters.includes(entry.key)) passOn();
  else if (meant !== undefined) {
    const mend = `did you mean ${meant}? A parameter of the provider's own goes into extra_body`;
    desk.findings.refuse(entry, `unknown key ${entry.key}`, mend);
  } else if (/(^|_)cost(_|$)/.test(entry.key))
    desk.findings.notYet(entry, 'not in force: only prices by token, request and query are reckoned with', '');
  else if (isSecretField(entry.key)) keepSecret(desk, entry.key, resolve(desk, entry.value), secrets);
  else {
    const says = `the key ${entry.key} is not known, and is passed on to the provider`;
    desk.findings.warning(entry, says, 'remove it if it is none of its');
    passOn();
  }
}

/** Plain headers; those that carry a secret go among the secrets. */
function readHeaders(desk: Desk, section: Section, secrets: Map<string, GivenSecret>): Map<string, string> {
  const headers = new Map<string, string>();
  for (const tree of [section.get('headers'), section.get('extra_headers')]) {
    for (const { key, value } of tree === undefined ? [] : (desk.read.dictionary(tree)?.entries ?? [])) {
      if (isNothing(value)) continue;
      if (isSecretHeader(key)) keepSecret(desk, `header:${key.toLowerCase()}`, value, secrets);
      else if (value.kind === 'scalar') headers.set(key, String(value.value));
      else desk.read.text(value);
    }
  }
  return headers;
}

/** Takes the sorted parameters and model_info; returns what is kept with the deployment. Seconds become milliseconds. */
export function parametersOf(desk: Desk, params: Params, info: ModelInfo): DeploymentParameters {
  const { read } = desk;
  const take = <Value>(key: string, reader: (tree: Tree) => Value | undefined): Value | undefined => {
    const tree = params.section.get(key);
    return tree === undefined ? undefined : reader(tree);
  };
  const number = (tree: Tree): number | undefined => read.number(tree);
  const whole = (tree: Tree): number | undefined => read.whole(tree);
  const seconds = (tree: Tree): number | undefined => read.seconds(tree);
  const text = (tree: Tree): string | undefined => read.loose(tree);
  const texts = (tree: Tree): string[] | undefined => read.texts(tree);
  const maxRetries = take('max_retries', whole);
  return withoutAbsent({
    weight: take('weight', number),
    rpm: take('rpm', number),
    tpm: take('tpm', number),
    order: take('order', number),
    timeoutMs: take('timeout', seconds),
    streamTimeoutMs: take('stream_timeout', seconds),
    retries: take('num_retries', whole) ?? maxRetries,
    cooldownMs: take('cooldown_time', seconds),
    maxParallel: take('max_parallel_requests', whole),
    tags: take('tags', texts),
    dropParameters: take('drop_params', (tree) => read.yesNo(tree)),
    dropNamed: take('additional_drop_params', texts),
    headers: filled(params.headers),
    extraBody: take('extra_body', (tree) => read.object(tree)),
    mockResponse: take('mock_response', (tree) => read.text(tree)),
    prices: pricesOf(desk, params.section, info),
    apiVersion: take('api_version', text),
    organization: take('organization', text),
    defaults: filled(params.defaults),
  });
}

/** Prices of litellm_params; below them those of model_info. */
function pricesOf(desk: Desk, section: Section, info: ModelInfo): DeploymentParameters['prices'] | undefined {
  const prices = new Map<string, number>();
  for (const field of priceFields) {
    const tree = section.get(field);
    const price = tree === undefined ? Number(info[field] ?? Number.NaN) : desk.read.number(tree);
    if (price !== undefined && Number.isFinite(price)) prices.set(field, price);
  }
  return filled(prices);
}

function filled<Value>(map: ReadonlyMap<string, Value>): Readonly<Record<string, Value>> | undefined {
  return map.size === 0 ? undefined : Object.fromEntries(map);
}

type Optional<Shape> = { readonly [Key in keyof Shape]?: Shape[Key] | undefined };

function withoutAbsent(parameters: Optional<DeploymentParameters>): DeploymentParameters {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));
}
