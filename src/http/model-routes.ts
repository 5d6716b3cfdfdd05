// The management of models on one screen: method, paths, who may, and what answers. Whoever shows a key is told of what that key may
// call; everything else is the master key's.
import { aliasInfo, aliasList } from '../admin/aliases.ts';
import { configReport } from '../admin/config-report.ts';
import { credentialInfo, credentialList, credentialOfModel } from '../admin/credentials.ts';
import { modelGroups, modelInfo, modelPage } from '../admin/model-lists.ts';
import type { ModelParts } from '../admin/model-parts.ts';
import type { Caller } from '../core/caller.ts';
import type { JsonObject } from '../core/json.ts';

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
  readonly answer: (wish: Wish, parts: ModelParts) => Promise<JsonObject> | JsonObject;
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

export const modelRoutes: readonly ModelRoute[] = [
  known(({ query, caller }, parts) => modelInfo(query, caller, parts), '/model/info', '/v1/model/info'),
  known(({ query, caller }, parts) => modelPage(query, caller, parts), '/v2/model/info'),
  known(({ query, caller }, parts) => modelGroups(query, caller, parts), '/model_group/info'),
  master('GET', '/aliases', (_wish, parts) => aliasList(parts)),
  master('GET', '/aliases/*', ({ parameters }, parts) => aliasInfo(parameters['rest'] ?? '', parts)),
  master('GET', '/credentials', (_wish, parts) => credentialList(parts)),
  master('GET', '/credentials/by_name/*', ({ parameters }, parts) => credentialInfo(parameters['rest'] ?? '', parts)),
  master('GET', '/credentials/by_model/*', ({ parameters }, parts) =>
    credentialOfModel(parameters['rest'] ?? '', parts),
  ),
  master('GET', '/config', (_wish, parts) => configReport(parts)),
];
