// Deployments of the management API: added, changed, deleted, with the credential that is their own and the alias they stand under; each
// in the caller's transaction. Invariant: the same model under the same alias is stored once, however often it is posted.
import { GatewayError } from '../core/errors.ts';
import { isMark } from '../core/posted-secrets.ts';
import { type AliasRecord, type DeploymentRecord, shares } from '../core/records.ts';
import type { Sealer } from '../kit/seal.ts';
import { Secret } from '../kit/secret.ts';
import { refusePointedAt } from './api-aliases.ts';
import { addCredential, changeCredential } from './api-credentials.ts';
import { aloneWithModels, holdOwnRow } from './api-row.ts';
import type { Queries } from './database.ts';
import { credentialPlace } from './sealed-place.ts';
import { readAliases, replaceAliases } from './tables/aliases.ts';
import { readCredentials } from './tables/credentials.ts';
import { readDeployments, replaceDeployments } from './tables/deployments.ts';

/** A deployment to store, and the secrets of its own by field, as posted; none: it is called with the credential it names, or none. */
export interface WantedModel {
  readonly record: DeploymentRecord;
  readonly secrets: Readonly<Record<string, string>>;
}

export interface StoredModel {
  readonly record: DeploymentRecord;
  /** False: it was there already, and nothing was changed. */
  readonly isNew: boolean;
}

/** Takes a deployment's id; returns the name of the credential that is its own. */
export function ownCredential(id: string): string {
  return `deployment/${id}`;
}

/** Takes a model and the keys; stores it, unless the same is there. Throws field_invalid when its id or its alias is taken otherwise. */
export async function addModel(queries: Queries, wanted: WantedModel, sealer: Sealer): Promise<StoredModel> {
  await aloneWithModels(queries);
  const { record, secrets } = wanted;
  const all = await readDeployments(queries);
  const twin = await twinOf(queries, wanted, all, sealer);
  if (twin !== undefined) return { record: twin, isNew: false };
  const [taken] = await queries.query('select 1 from plumbline.deployments where id = $1', [record.id]);
  if (taken !== undefined) throw invalid('model_info.id', `the id ${record.id} is taken by another deployment`);
  await needAlias(queries, record.alias);
  const isOwn = Object.keys(secrets).length > 0;
  const credential = isOwn ? ownCredential(record.id) : record.credential;
  if (isOwn) await addCredential(queries, ownCredential(record.id), secrets, sealer);
  const under = all.filter(({ alias }) => alias === record.alias);
  const position = Math.max(-1, ...under.map((one) => one.position)) + 1;
  return { record: await write(queries, { ...record, credential, position }), isNew: true };
}

/**
 * Takes the model as it is stored, as it is to be, and the keys; stores that. Secrets that are not posted stay as they are. Throws
 * owned_elsewhere, field_invalid when the same deployment stands there under another id.
 */
export async function changeModel(
  queries: Queries,
  before: DeploymentRecord,
  wanted: WantedModel,
  sealer: Sealer,
): Promise<StoredModel> {
  await aloneWithModels(queries);
  if (!(await holdOwnRow(queries, 'deployment', before.id))) throw unknown(before.id);
  const own = ownCredential(before.id);
  const credential = await credentialFor(queries, before, wanted, sealer);
  const after = { ...wanted.record, id: before.id, position: before.position, credential };
  const others = (await readDeployments(queries)).filter(({ id }) => id !== before.id);
  const twin = await twinOf(queries, { record: after, secrets: wanted.secrets }, others, sealer);
  if (twin !== undefined)
    throw invalid('litellm_params', `the same deployment is there already, with the id ${twin.id}`);
  if (after.alias !== before.alias) await needAlias(queries, after.alias);
  const isNew = contentOf(after) !== contentOf(before) || Object.keys(wanted.secrets).length > 0;
  await write(queries, after);
  if (after.alias !== before.alias) await dropEmptyAlias(queries, before.alias);
  if (before.credential === own && credential !== own) await dropCredential(queries, own);
  return { record: after, isNew };
}

async function credentialFor(
  queries: Queries,
  before: DeploymentRecord,
  { record, secrets }: WantedModel,
  sealer: Sealer,
): Promise<string | null> {
  const own = ownCredential(before.id);
  if (Object.keys(secrets).length === 0) return record.credential ?? (before.credential === own ? own : null);
  if (before.credential === own) await changeCredential(queries, own, secrets, sealer);
  else await addCredential(queries, own, secrets, sealer);
  return own;
}

/** Takes an id; deletes the deployment, its own credential, and its alias when that has no other and is the API's. Throws owned_elsewhere, model_not_found, field_invalid. */
export async function deleteModel(queries: Queries, id: string): Promise<{ readonly alias: string | null }> {
  await aloneWithModels(queries);
  if (!(await holdOwnRow(queries, 'deployment', id))) throw unknown(id);
  const [row] = await queries.query<{ alias: string }>(
    'delete from plumbline.deployments where id = $1 returning alias',
    [id],
  );
  await dropCredential(queries, ownCredential(id));
  return { alias: row === undefined ? null : await dropEmptyAlias(queries, row.alias) };
}

/** The alias that a model stands under is made with it; one that stands for another name cannot have any. */
async function needAlias(queries: Queries, name: string): Promise<void> {
  const before = (await readAliases(queries)).find((alias) => alias.name === name);
  if (before !== undefined && before.target === null) return;
  if (before !== undefined)
    throw invalid('model_name', `${name} stands for ${before.target}, and can have no deployments`);
  const alias: AliasRecord = {
    name,
    owner: 'api',
    target: null,
    hidden: false,
    strategy: null,
    fallbacks: [],
    contextWindowFallbacks: [],
    contentPolicyFallbacks: [],
    retryPolicy: {},
  };
  await replaceAliases(queries, 'api', [alias], false);
}

/** Returns the name when it went. One that others point at is refused by their names. */
async function dropEmptyAlias(queries: Queries, name: string): Promise<string | null> {
  const left = await queries.query<{ id: string; isOver: boolean }>(
    'select id, decommissioned_at is not null as "isOver" from plumbline.deployments where alias = $1',
    [name],
  );
  if (left.some(({ isOver }) => !isOver)) return null;
  const over = left.map(({ id }) => id).join(', ');
  if (over !== '')
    throw invalid(
      'id',
      `${name} would be left with what is decommissioned (${over}); delete that first, or take it back`,
    );
  await refusePointedAt(queries, name);
  const gone = await queries.query(`delete from plumbline.aliases where name = $1 and owner = 'api' returning name`, [
    name,
  ]);
  return gone.length === 0 ? null : name;
}

async function dropCredential(queries: Queries, name: string): Promise<void> {
  await queries.query(
    `delete from plumbline.credentials where name = $1 and owner = 'api'
     and not exists (select 1 from plumbline.deployments where credential = $1)`,
    [name],
  );
}

async function write(queries: Queries, record: DeploymentRecord): Promise<DeploymentRecord> {
  await replaceDeployments(queries, 'api', [record], false);
  return record;
}

function behaviourOf({ alias, provider, model, baseUrl, parameters }: DeploymentRecord): string {
  const kept = Object.entries(parameters).filter(([name]) => !shares.some((share) => share === name));
  return JSON.stringify([alias, provider, model, baseUrl, kept.map(([name, value]) => [name, sorted(value)]).sort()]);
}

/** jsonb keeps no order of fields. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .map(([name, inner]) => [name, sorted(inner)] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

function contentOf({ info, parameters, ...row }: DeploymentRecord): string {
  return JSON.stringify(sorted({ ...row, parameters, info }));
}

/** The stored deployment that is the same model, called with the same credential. */
async function twinOf(
  queries: Queries,
  { record, secrets }: WantedModel,
  among: readonly DeploymentRecord[],
  sealer: Sealer,
): Promise<DeploymentRecord | undefined> {
  const behaviour = behaviourOf(record);
  const alike = among.filter((one) => behaviourOf(one) === behaviour);
  if (alike.length === 0) return undefined;
  if (Object.keys(secrets).length === 0) return alike.find(({ credential }) => credential === record.credential);
  const stored = new Map((await readCredentials(queries)).map(({ name, sealed }) => [name, sealed]));
  const isSame = ({ credential }: DeploymentRecord): boolean =>
    credential !== null && holdsSame(credential, stored.get(credential) ?? {}, secrets, sealer);
  return alike.find(isSame);
}

function holdsSame(
  name: string,
  sealed: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>,
  sealer: Sealer,
): boolean {
  const fields = Object.keys(secrets);
  if (fields.length !== Object.keys(sealed).length || Object.values(secrets).some(isMark)) return false;
  try {
    return fields.every((field) => {
      const text = sealed[field];
      const secret = new Secret(secrets[field] ?? '');
      return text !== undefined && sealer.unseal(text, credentialPlace(name, field)).equals(secret);
    });
  } catch {
    return false; // what does not open cannot be compared, and is another's
  }
}

function invalid(field: string, message: string): GatewayError {
  return new GatewayError('field_invalid', { message, field });
}

function unknown(id: string): GatewayError {
  return new GatewayError('model_not_found', {
    message: `no deployment has the id ${id}; /model/info lists them`,
    field: 'id',
  });
}
