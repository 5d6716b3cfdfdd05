// A model as the management API is given it, read by the same tables and readers as an entry of a file's model_list.
// Invariants: no variable and no file of ours is read for it (references are kept for secrets, and refused anywhere else), but for what
// stands in the environment of a provider anyway: its address, its region.
import type { JsonValue } from '../core/json.ts';
import type { Draft } from './draft.ts';
import type { NamedCredential } from './litellm-credentials.ts';
import { readModels } from './litellm-models.ts';
import type { ProviderFacts } from './litellm-place.ts';
import type { Variables } from './litellm-section.ts';
import { Findings, type Notice } from './notices.ts';
import { postedTree } from './posted-tree.ts';
import type { Tree } from './yaml-source.ts';
import { Reader } from './yaml-values.ts';

export interface PostedModel {
  readonly model_name: JsonValue;
  readonly litellm_params: JsonValue;
  readonly model_info?: JsonValue;
}

export interface PostedOptions {
  readonly environment: Variables;
  readonly facts: ProviderFacts;
  /** Names of the stored credentials. */
  readonly credentials: readonly string[];
  /** Paths whose refusals the operator accepted at start. */
  readonly accepted: readonly string[];
}

export interface PostedReading {
  /** Absent when there is an error among the notices. */
  readonly draft?: Draft;
  readonly notices: readonly Notice[];
}

/** Where an entry stands in a file, so that what is accepted by path there is accepted here. */
const root = 'model_list[0]';

/** Takes a posted model and what to read it by; returns the draft of a deployment, and every notice. */
export function readPostedModel(posted: PostedModel, options: PostedOptions): PostedReading {
  const findings = new Findings(options.accepted);
  const place = { file: 'the request', line: 1, column: 1 };
  const entry = postedTree({ ...posted }, root, findings);
  const desk = {
    findings,
    read: new Reader(findings),
    variables: options.environment,
    readText: (path: string): string => {
      throw new Error(`no file is read for the API: ${path}`);
    },
  };
  const named = options.credentials.map((name): [string, NamedCredential] => [
    name,
    { at: { place, path: root }, name, secrets: {}, plain: [] },
  ]);
  const list: Tree = { kind: 'list', items: [entry], place, path: 'model_list' };
  const { drafts } = readModels(desk, list, {
    defaults: undefined,
    credentials: new Map(named),
    facts: options.facts,
  });
  const [draft] = drafts;
  const notices = findings.list().map((notice) => ({ ...notice, path: withoutRoot(notice.path) }));
  const isBad = draft === undefined || notices.some(({ severity }) => severity === 'error');
  return isBad ? { notices } : { draft, notices };
}

function withoutRoot(path: string): string {
  return path.startsWith(`${root}.`) ? path.slice(root.length + 1) : path.replace(root, '');
}
