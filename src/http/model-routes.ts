// The management of models on one screen: method, paths, who may, and what answers. Whoever shows a key is told of what that key may
// call; everything else is the master key's.
import { changeAlias, newAlias, removeAlias } from '../admin/alias-changes.ts';
import { aliasInfo, aliasList } from '../admin/aliases.ts';
import type { Asking } from '../admin/changed.ts';
import { refuseUnstorable } from '../admin/checked-body.ts';
import { configReport } from '../admin/config-report.ts';
import {
  changeCredential,
  credentialInfo,
  credentialList,
  credentialOfModel,
  newCredential,
  removeCredential,
} from '../admin/credentials.ts';
import { configCallbacks, configField, configList, refuseField } from '../admin/litellm-config.ts';
import { modelGroups, modelInfo, modelPage } from '../admin/model-lists.ts';
import type { WriteParts } from '../admin/model-parts.ts';
import { decommission, decommissionedModels, newModel, removeModel, updateModel } from '../admin/models.ts';
import { updateConfig } from '../admin/settings.ts';
import type { Caller } from '../core/caller.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';

/** What is asked of the management API. */
export interface Wish {
  readonly query: URLSearchParams;
  /** What the placeholders of the path stand for. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly caller: Caller;
  /** Returns the body. Throws body_not_json, body_not_object. */
  readonly body: () => JsonObject;
}

export interface ModelRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly paths: readonly string[];
  readonly isMaster: boolean;
  readonly answer: (wish: Wish, parts: WriteParts) => Promise<JsonValue> | JsonValue;
}

const known = (answer: ModelRoute['answer'], ...paths: string[]): ModelRoute => ({
  method: 'GET',
  paths,
  isMaster: false,
  answer,
});

const master = (method: ModelRoute['method'], path: string, answer: ModelRoute['answer']): ModelRoute => ({
  method,
  paths: [path],
  isMaster: true,
  answer,
});

const restOf = ({ parameters }: Wish): string => {
  const name = parameters['rest'] ?? '';
  refuseUnstorable({ name });
  return name;
};

/** Any change may be rehearsed: `?dry_run=true` says what it would do. */
const asking = ({ query }: Wish): Asking => {
  const wanted = query.get('dry_run') ?? 'false';
  if (/^(true|false)$/.test(wanted)) return { isRehearsal: wanted === 'true' };
  throw new GatewayError('field_invalid', { message: 'dry_run must be true or false', field: 'dry_run' });
};

export const modelRoutes: readonly ModelRoute[] = [
  known(({ query, caller }, parts) => modelInfo(query, caller, parts), '/model/info', '/v1/model/info'),
  known(({ query, caller }, parts) => modelPage(query, caller, parts), '/v2/model/info'),
  known(({ query, caller }, parts) => modelGroups(query, caller, parts), '/model_group/info'),
  master('GET', '/aliases', (_wish, parts) => aliasList(parts)),
  master('GET', '/aliases/*', (wish, parts) => aliasInfo(restOf(wish), parts)),
  master('GET', '/credentials', (_wish, parts) => credentialList(parts)),
  master('GET', '/credentials/by_name/*', (wish, parts) => credentialInfo(restOf(wish), parts)),
  master('GET', '/credentials/by_model/*', (wish, parts) => credentialOfModel(restOf(wish), parts)),
  master('GET', '/config', (_wish, parts) => configReport(parts)),
  master('POST', '/model/new', (wish, parts) => newModel(wish.body(), asking(wish), parts)),
  master('POST', '/model/update', (wish, parts) => updateModel(undefined, wish.body(), asking(wish), parts)),
  master('PATCH', '/model/:id/update', (wish, parts) =>
    updateModel(wish.parameters['id'], wish.body(), asking(wish), parts),
  ),
  master('POST', '/model/delete', (wish, parts) => removeModel(wish.body(), asking(wish), parts)),
  master('POST', '/model/decommission', (wish, parts) => decommission(wish.body(), asking(wish), parts)),
  master('GET', '/model/decommissioned', (_wish, parts) => decommissionedModels(parts)),
  master('POST', '/aliases', (wish, parts) => newAlias(wish.body(), asking(wish), parts)),
  master('PATCH', '/aliases/*', (wish, parts) => changeAlias(restOf(wish), wish.body(), asking(wish), parts)),
  master('DELETE', '/aliases/*', (wish, parts) => removeAlias(restOf(wish), asking(wish), parts)),
  master('POST', '/credentials', (wish, parts) => newCredential(wish.body(), asking(wish), parts)),
  master('PATCH', '/credentials/*', (wish, parts) => changeCredential(restOf(wish), wish.body(), asking(wish), parts)),
  master('DELETE', '/credentials/*', (wish, parts) => removeCredential(restOf(wish), asking(wish), parts)),
  master('POST', '/config/update', (wish, parts) => updateConfig(wish.body(), asking(wish), parts)),
  master('GET', '/get/config/callbacks', (_wish, parts) => configCallbacks(parts)),
  master('GET', '/config/list', ({ query }, parts) => configList(query, parts)),
  master('GET', '/config/field/info', ({ query }, parts) => configField(query, parts)),
  master('POST', '/config/field/update', ({ body }, parts) => refuseField(body(), parts)),
  master('POST', '/config/field/delete', ({ body }, parts) => refuseField(body(), parts)),
];
