// A posted model, checked as an entry of a file would be, and as what comes from outside must be: its address by the rule for the API,
// its credential so that it reads no file of ours. Invariant: nothing is written here, and no variable's value is taken.
import { randomUUID } from 'node:crypto';
import type { Draft } from '../config/draft.ts';
import type { Environment } from '../config/load.ts';
import type { Notice } from '../config/notices.ts';
import type { Config } from '../config/options.ts';
import { type PostedModel, readPostedModel } from '../config/posted-model.ts';
import { GatewayError } from '../core/errors.ts';
import { isObject, textOf } from '../core/json.ts';
import { isMark } from '../core/posted-secrets.ts';
import type { DeploymentRecord } from '../core/records.ts';
import { urlFlaw } from '../kit/address-guard.ts';
import { referenceIn } from '../kit/reference.ts';
import { providerByName } from '../providers/index.ts';
import { providerFacts } from './read-file.ts';

export interface DraftParts {
  readonly environment: Environment;
  readonly options: Pick<Config, 'apiAddresses' | 'apiHosts' | 'acceptNotYet'>;
  /** Names of the stored credentials. */
  readonly credentials: readonly string[];
  /** Where it is called already; null: at its provider's, or it is new. */
  readonly knownAddress: string | null;
}

/** A model that may be stored. */
export interface DraftedModel {
  /** Its credential is the one it names, or null. */
  readonly record: DeploymentRecord;
  /** Secrets of its own, by field, as posted; none when there are none. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Where its provider's own variable is the key to call it with, a reference to that; empty when it brings its own, or an address. */
  readonly usual: Readonly<Record<string, string>>;
  /** What is kept and not in force, or looks odd, one sentence each. */
  readonly notes: readonly string[];
}

/** Takes a posted model and what to check it by; returns it fit to be stored. Throws field_invalid with every reason. */
export function draftedModel(posted: PostedModel, parts: DraftParts): DraftedModel {
  const { options, environment, credentials } = parts;
  const reading = readPostedModel(posted, {
    environment,
    facts: providerFacts,
    credentials,
    accepted: options.acceptNotYet,
  });
  const { draft, notices } = reading;
  if (draft === undefined) throw refusal(notices);
  checkAddresses(draft, parts);
  const secrets = Object.fromEntries(Object.entries(draft.secrets).map(([field, { text }]) => [field, text]));
  checkSecrets(secrets);
  if (draft.baseUrl !== parts.knownAddress) checkIdentity(draft, secrets);
  if (draft.named !== undefined && Object.keys(secrets).length > 0) {
    const says = 'give a credential by name or secrets of its own, not both';
    throw invalid('litellm_params.litellm_credential_name', says);
  }
  return {
    record: recordOf(draft),
    secrets,
    usual: fromEnvironment(draft, environment),
    notes: notices.map(sentenceOf),
  };
}

function refusal(notices: readonly Notice[]): GatewayError {
  const errors = notices.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first !== undefined) return invalid(first.path, errors.map(sentenceOf).join('; '), true);
  const left = notices.map(sentenceOf).join('; ');
  return invalid('litellm_params.model', left === '' ? 'this gives no model that can be called' : left, true);
}

/** An address of one's own choice is not shown who this machine is: a token of its identity is as good as a key. */
function checkIdentity(draft: Draft, secrets: Readonly<Record<string, string>>): void {
  const wires = Object.values(providerByName(draft.provider)?.wires ?? {});
  const isOwn = draft.named !== undefined || Object.keys(secrets).length > 0 || draft.declaredBase === null;
  if (isOwn || !wires.some(({ authorize }) => authorize !== undefined)) return;
  const says = `${draft.provider} at an address of its own needs credentials of its own, when it comes by the API`;
  throw invalid('litellm_params.api_base', says);
}

/** A notice as a sentence, without a place: there is no file. */
function sentenceOf({ path, says, mend }: Notice): string {
  return `${path === '' ? '' : `${path}: `}${says}${mend === '' ? '' : ` (${mend})`}`;
}

function invalid(field: string, says: string, isNamed = false): GatewayError {
  return new GatewayError('field_invalid', { message: isNamed ? says : `${field}: ${says}`, field });
}

/** Where it is called, and where AWS hands out its credential. */
function checkAddresses(draft: Draft, { options }: DraftParts): void {
  const guard = { rule: options.apiAddresses, listed: options.apiHosts };
  const address = draft.baseUrl ?? providerByName(draft.provider)?.defaultBaseUrl ?? null;
  const places = [
    ['litellm_params.api_base', draft.parameters.mockResponse === undefined ? address : draft.baseUrl],
    ['litellm_params.aws_sts_endpoint', textOf(draft.parameters.defaults?.aws_sts_endpoint) ?? null],
  ] as const;
  for (const [field, url] of places) {
    const flaw = url === null ? null : urlFlaw(url, guard);
    if (flaw !== null) throw invalid(field, `this address may not be called: ${flaw} (options apiAddresses, apiHosts)`);
  }
}

/**
 * Takes secrets that came by the API, by field; returns when none of them would have a file of ours read, or an address of its own asked:
 * a key of Google's must be the key itself, or a reference to one. Throws field_invalid.
 */
export function checkSecrets(secrets: Readonly<Record<string, string | null>>): void {
  const text = secrets['vertex_credentials'];
  if (text === undefined || text === null || text === '' || isMark(text) || referenceIn(text) !== undefined) return;
  if (['service_account', 'authorized_user'].includes(typeIn(text))) return;
  const says =
    'must be the JSON of a service account or of a user, or a reference; paths and other kinds are for the file';
  throw invalid('vertex_credentials', says);
}

function typeIn(text: string): string {
  try {
    const key: unknown = JSON.parse(text);
    return isObject(key) ? (textOf(key.type) ?? '') : '';
  } catch {
    return ''; // not JSON: refused like any other kind
  }
}

/** The provider's own variable, by reference, unless an address was given: a key is sent nowhere but to its provider. */
function fromEnvironment(draft: Draft, environment: Environment): Record<string, string> {
  const isKeyed = draft.named !== undefined || 'api_key' in draft.secrets || draft.declaredBase !== null;
  if (isKeyed || draft.parameters.mockResponse !== undefined) return {};
  const name = providerByName(draft.provider)?.keyVariables.find((variable) => environment[variable]);
  return name === undefined ? {} : { api_key: `os.environ/${name}` };
}

function recordOf(draft: Draft): DeploymentRecord {
  const { alias, provider, model, baseUrl, parameters, info } = draft;
  const id = draft.id ?? randomUUID();
  return {
    id,
    owner: 'api',
    alias,
    position: 0,
    provider,
    model,
    baseUrl,
    credential: draft.named ?? null,
    parameters,
    info,
  };
}
