// LiteLLM's model rows → deployments, each read by the same readers as an entry of a file. Invariants: one row that cannot be read stops
// no other; two that are the same become one.
import type { Draft } from '../config/draft.ts';
import { readPostedModel } from '../config/posted-model.ts';
import { type JsonObject, listOf, textOf } from '../core/json.ts';
import type { DeploymentParameters, DeploymentRecord } from '../core/records.ts';
import { urlFlaw } from '../kit/address-guard.ts';
import { addModel, changeModel, type WantedModel } from '../store/api-models.ts';
import type { LitellmRow } from '../store/litellm/litellm-rows.ts';
import { readDeployments } from '../store/tables/deployments.ts';
import type { NamedFields } from './credentials.ts';
import { checksumOf, type Finding, type Gathered } from './item.ts';
import type { LitellmEnvironment } from './litellm-environment.ts';
import { asObject, type FieldOpener, saysTrue } from './opened-fields.ts';
import { facts, keyVariablesOf } from './provider-words.ts';

export const modelTable = 'LiteLLM_ProxyModelTable';

export interface ModelSources {
  readonly opener: FieldOpener;
  readonly environment: LitellmEnvironment;
  readonly credentials: ReadonlyMap<string, NamedFields>;
  /** Names that the configuration file declares and the tables do not hold yet. */
  readonly awaited: ReadonlySet<string>;
  readonly accepted: readonly string[];
  /** Changes when the credentials or variables of LiteLLM's database do. */
  readonly around: string;
}

/** A name that clients call in LiteLLM. */
export interface FoundModel {
  readonly alias: string;
  readonly mode: string | undefined;
  readonly groups: readonly string[];
  /** It is not brought over, and never served. */
  readonly isDecommissioned: boolean;
}

/** Takes rows of models, the oldest first where it matters, what they draw on and where to gather; returns the names they give. */
export async function gatherModels(
  rows: AsyncIterable<LitellmRow>,
  sources: ModelSources,
  gathered: Gathered,
): Promise<readonly FoundModel[]> {
  const all: LitellmRow[] = [];
  for await (const row of rows) all.push(row);
  all.sort((one, other) => Number(one['created_at'] ?? 0) - Number(other['created_at'] ?? 0));
  const models: FoundModel[] = [];
  const twins = new Map<string, WantedModel>();
  for (const row of all) {
    gathered.found.model += 1;
    const found = readRow(row, sources, gathered, twins);
    if (found !== undefined) models.push(found);
  }
  for (const { wanted, row } of itemsOf(twins, all))
    gathered.items.push(itemOf(wanted, checksumOf(row, sources.around)));
  return models;
}

/** Twins keep the id of the first row. */
function itemsOf(twins: ReadonlyMap<string, WantedModel>, rows: readonly LitellmRow[]) {
  const byId = new Map(rows.map((row) => [String(row['model_id']), row]));
  return [...twins.values()].map((wanted) => ({ wanted, row: byId.get(wanted.record.id) }));
}

function readRow(
  row: LitellmRow,
  sources: ModelSources,
  gathered: Gathered,
  twins: Map<string, WantedModel>,
): FoundModel | undefined {
  const [id, alias] = [String(row['model_id']), String(row['model_name'] ?? '')];
  const place = { table: modelTable, row: `${alias} (${id})`, field: '' };
  const info = asObject(row['model_info']) ?? {};
  const found = {
    alias,
    mode: textOf(info.mode),
    groups: listOf(info.access_groups).filter((name) => typeof name === 'string'),
  };
  if (
    saysTrue(row['blocked']) ||
    saysTrue(info.blocked) ||
    saysTrue(info.decommissioned) ||
    info.status === 'decommissioned'
  ) {
    gathered.refuse('model', { ...place, says: 'it is decommissioned there, so it is not brought over', mend: '' });
    return { ...found, isDecommissioned: true };
  }
  const refuse = (says: string, mend: string, field = ''): undefined => {
    gathered.refuse('model', { ...place, field, says, mend });
  };
  const opened = sources.opener.open(row['litellm_params'], { ...place, field: 'litellm_params' });
  gathered.findings.push(...opened.findings);
  if (!opened.isWhole)
    return refuse('it is not brought over: a value does not open', 'see the finding about that value');
  if (sources.awaited.has(alias)) {
    const says = 'the configuration file declares this name too; it is not brought over before the file is';
    return refuse(says, 'bring the file first (`plumbline apply`), then run this again', 'model_name');
  }
  const { params, missing } = sources.environment.resolved(withCredential(opened.fields, sources.credentials));
  const [absent] = missing;
  if (absent !== undefined) return refuse(`the variable ${absent} is not set`, `run this with LiteLLM's environment`);
  const wanted = draft({ id, alias, params, info }, sources, (finding) =>
    gathered.findings.push({ ...place, ...finding }),
  );
  if (wanted === undefined) return refuse('it is not brought over', 'see the findings about it');
  const flaw =
    wanted.record.baseUrl === null ? null : urlFlaw(wanted.record.baseUrl, { rule: 'private-too', listed: [] });
  if (flaw !== null)
    return refuse(`this address may not be called: ${flaw}`, 'correct it in LiteLLM', 'litellm_params.api_base');
  const key = twinKey(wanted);
  const first = twins.get(key);
  twins.set(key, first === undefined ? wanted : { ...first, record: together(first.record, wanted.record) });
  if (first !== undefined) {
    const says = `the same as the row ${first.record.id}: name, provider, model, address, credential and parameters; kept once`;
    gathered.merge('model', { ...place, says, mend: '' });
  }
  return { ...found, isDecommissioned: false };
}

/** A named credential lies below the row's own parameters; its secrets too, where the row brings some of its own. */
function withCredential(params: JsonObject, credentials: ReadonlyMap<string, NamedFields>): JsonObject {
  const named = credentials.get(textOf(params.litellm_credential_name) ?? '');
  if (named === undefined) return params;
  const own = Object.keys(params).some((field) => field in named.secrets || field === 'api_key');
  const isBare = Object.keys(named.secrets).length === 0;
  if (!own && !isBare) return { ...named.plain, ...params };
  const { litellm_credential_name: _, ...rest } = params;
  return { ...named.plain, ...named.secrets, ...rest };
}

interface Given {
  readonly id: string;
  readonly alias: string;
  readonly params: JsonObject;
  readonly info: JsonObject;
}

function draft(
  { id, alias, params, info }: Given,
  { credentials, environment, accepted }: ModelSources,
  tell: (finding: Pick<Finding, 'field' | 'says' | 'mend'>) => void,
): WantedModel | undefined {
  const { id: _, db_model: __, ...facets } = info;
  const given = {
    model_name: alias,
    litellm_params: withoutNothing(params),
    model_info: { ...withoutNothing(facets), id },
  };
  const reading = readPostedModel(given, {
    environment: environment.variables,
    facts,
    credentials: [...credentials.keys()],
    accepted,
  });
  for (const { path, says, mend } of reading.notices) tell({ field: path, says, mend });
  if (reading.draft === undefined) return undefined;
  const secrets = Object.fromEntries(Object.entries(reading.draft.secrets).map(([field, { text }]) => [field, text]));
  return { record: recordOf(reading.draft, id), secrets: { ...usual(reading.draft, environment), ...secrets } };
}

/** The provider's own variable, unless the row brings a key, names one, or has an address of its own. */
function usual(
  { provider, named, secrets, declaredBase, parameters }: Draft,
  environment: LitellmEnvironment,
): Record<string, string> {
  const isKeyed = named !== undefined || 'api_key' in secrets || declaredBase !== null;
  if (isKeyed || parameters.mockResponse !== undefined) return {};
  const key = environment.firstOf(keyVariablesOf(provider));
  return key === undefined ? {} : { api_key: key };
}

function recordOf({ alias, provider, model, baseUrl, named, parameters, info }: Draft, id: string): DeploymentRecord {
  const credential = named ?? null;
  return { id, owner: 'api', alias, position: 0, provider, model, baseUrl, credential, parameters, info };
}

/** LiteLLM's forms leave an empty text where nothing was said. */
function withoutNothing(object: JsonObject): JsonObject {
  const says = (value: unknown): boolean => value !== null && value !== undefined && value !== '';
  return Object.fromEntries(Object.entries(object).filter(([, value]) => says(value)));
}

/** What a deployment gets to do makes no other model of it. */
const shares: readonly (keyof DeploymentParameters)[] = ['weight', 'rpm', 'tpm'];

function twinKey({ record, secrets }: WantedModel): string {
  const { alias, provider, model, baseUrl, credential, parameters } = record;
  const kept = Object.entries(parameters).filter(([name]) => !shares.some((share) => share === name));
  return checksumOf(alias, provider, model, baseUrl, credential, kept.sort(), Object.entries(secrets).sort());
}

/** Shares add up, where both have one. */
function together(one: DeploymentRecord, other: DeploymentRecord): DeploymentRecord {
  const sums = shares.flatMap((share) => {
    const [mine, more] = [one.parameters[share], other.parameters[share]];
    return typeof mine === 'number' && typeof more === 'number' ? [[share, mine + more] as const] : [];
  });
  return { ...one, parameters: { ...one.parameters, ...Object.fromEntries(sums) } };
}

function itemOf(wanted: WantedModel, checksum: string): Gathered['items'][number] {
  const { record } = wanted;
  return {
    kind: 'model',
    id: record.id,
    name: `${record.alias} (${record.provider}/${record.model})`,
    checksum,
    isDisabled: false,
    async write(queries, sealer, before) {
      const stored = (await readDeployments(queries)).find(({ id }) => id === before);
      if (stored === undefined) {
        const added = await addModel(queries, wanted, sealer);
        return { ourId: added.record.id, isMerged: !added.isNew };
      }
      await changeModel(queries, stored, wanted, sealer);
      return { ourId: stored.id };
    },
  };
}
