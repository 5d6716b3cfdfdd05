// The parameters of a request on their way to a server of OpenAI's dialect: renamed where it has another word, left out where
// they ask for nothing, and where it cannot honour them refused or dropped, always by name.
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Call, Upstream } from '../provider.ts';
import { unsupported } from '../unsupported.ts';
import type { Draft } from './draft.ts';

/** A rule that only some models have. */
export interface ModelRule {
  readonly models: RegExp;
  /** When given: the rule holds only for bodies it says true of. */
  readonly when?: (draft: Draft, call: Call) => boolean;
  readonly rejects?: readonly string[];
  readonly renames?: Readonly<Record<string, string>>;
  /** Why, for the message. */
  readonly why?: string;
}

/** What a provider does with the parameters of one operation. */
export interface ParameterFacts {
  /** Our word → its word. */
  readonly renames?: Readonly<Record<string, string>>;
  /** Parameters it cannot honour. */
  readonly rejects?: readonly string[];
  readonly byModel?: readonly ModelRule[];
}

/** Values that ask for what happens anyway, so that leaving the parameter out changes nothing. */
const neutral: Readonly<Record<string, readonly JsonValue[]>> = {
  n: [1],
  temperature: [1],
  top_p: [1],
  presence_penalty: [0],
  frequency_penalty: [0],
  logprobs: [false],
  top_logprobs: [0],
  echo: [false],
  best_of: [1],
  parallel_tool_calls: [true],
  store: [false],
  service_tier: ['auto', 'default'],
  tool_choice: ['auto'],
  function_call: ['auto'],
  encoding_format: ['float'],
};

/**
 * Parameters for OpenAI's own books, or hints for its caches: the answer is the same without them, so a provider that does
 * not know them is not asked, and the request is not refused. They are named among the dropped all the same.
 */
export const bookkeeping: readonly string[] = [
  'user',
  'store',
  'metadata',
  'service_tier',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
];

/**
 * Takes the provider's name, its facts, the draft and the call; changes the draft. Throws field_unsupported for a parameter
 * the provider cannot honour and the call may not drop.
 */
export function applyParameters(provider: string, facts: ParameterFacts, draft: Draft, call: Call): void {
  const rules = rulesFor(facts, call.upstream).filter(({ when }) => when === undefined || when(draft, call));
  rename(facts.renames ?? none, draft);
  for (const { renames } of rules) if (renames !== undefined) rename(renames, draft);
  reject(provider, facts.rejects ?? [], undefined, draft, call);
  for (const rule of rules) reject(provider, rule.rejects ?? [], rule.why, draft, call);
}

const none: Readonly<Record<string, string>> = {};
const known = new WeakMap<Upstream, { readonly facts: ParameterFacts; readonly rules: readonly ModelRule[] }>();

/** Which rules a model has is asked once for each deployment, not for each request. */
function rulesFor(facts: ParameterFacts, upstream: Upstream): readonly ModelRule[] {
  if (facts.byModel === undefined) return [];
  const before = known.get(upstream);
  if (before?.facts === facts) return before.rules;
  const rules = facts.byModel.filter(({ models }) => models.test(upstream.model));
  known.set(upstream, { facts, rules });
  return rules;
}

/** When both words are given, the provider's own stands. */
function rename(renames: Readonly<Record<string, string>>, draft: Draft): void {
  for (const ours in renames) {
    const theirs = renames[ours];
    const value = draft.get(ours);
    if (theirs !== undefined && value !== undefined && !draft.has(theirs)) draft.set(theirs, value);
    draft.remove(ours);
  }
}

function reject(provider: string, fields: readonly string[], why: string | undefined, draft: Draft, call: Call): void {
  for (const field of fields) {
    if (!draft.has(field)) continue;
    const value = draft.get(field);
    if (value !== undefined && !asksForNothing(field, value)) {
      if (bookkeeping.includes(field)) call.dropped.push(field);
      else unsupported(provider, call, field, why);
    }
    draft.remove(field);
  }
}

function asksForNothing(field: string, value: JsonValue): boolean {
  if (neutral[field]?.includes(value)) return true;
  if (Array.isArray(value))
    return value.length === 0 || (field === 'modalities' && value.length === 1 && value[0] === 'text');
  return isObject(value) && isEmptyChoice(field, value);
}

function isEmptyChoice(field: string, value: JsonObject): boolean {
  if (field === 'response_format') return value.type === 'text';
  return field === 'logit_bias' && Object.keys(value).length === 0;
}
