// What LiteLLM lets a key do, and whether the same can be said here. Invariant: rights are never widened: whatever a row says that is not
// known to be harmless, and is not enforced here yet, is a reason to disable the key.
import { listOf } from '../core/json.ts';
import { asObject } from './opened-fields.ts';

type Row = Readonly<Record<string, unknown>>;

/** Columns whose meaning is brought over, or that give or take no rights. */
const understood = new Set(
  `token key_name key_alias spend expires models user_id metadata blocked created_at created_by updated_at updated_by
  soft_budget_cooldown budget_duration budget_reset_at model_spend rotation_count auto_rotate rotation_interval last_rotation_at
  key_rotation_at last_active`.split(/\s+/),
);

/** Fields of a key's metadata that restrict it or that something would have to act upon. */
const restricting = new Set(
  `guardrails model_rpm_limit model_tpm_limit enforced_params allowed_passthrough_routes disable_global_guardrails policies
  model_max_budget rpm_limit_type tpm_limit_type allowed_vector_store_indexes prompts max_parallel_requests temp_budget_increase
  service_account_id team_id`.split(/\s+/),
);

/** Columns of a user that its keys are held to. */
const heldTo = `max_budget models max_parallel_requests tpm_limit rpm_limit allowed_cache_controls model_max_budget
  object_permission_id organization_id policies`.split(/\s+/);

const freeRoles = ['proxy_admin', 'internal_user', '', null, undefined];

/** Takes a value; true when it says nothing: absent, empty, no, or an object of such. */
export function saysNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  const object = asObject(value);
  return object !== undefined && Object.keys(object).length === 0;
}

/** What keys hang on beside their own row. */
export interface HeldBy {
  /** That of its user, if there is one. */
  readonly user: Row | undefined;
  /** Tags that have a budget or models of their own. */
  readonly tags: ReadonlySet<string>;
}

/** Takes a key's row and what it hangs on; returns why the key comes over disabled: nothing when it need not. */
export function reasonsToDisable(key: Row, { user, tags }: HeldBy): string[] {
  const columns = Object.entries(key).filter(([name, value]) => !understood.has(name) && !saysNothing(value));
  const metadata = Object.entries(asObject(key['metadata']) ?? {}).filter(
    ([name, value]) => restricting.has(name) && !saysNothing(value),
  );
  const models = Array.isArray(key['models']) ? key['models'] : [];
  const held = listOf(asObject(key['metadata'])?.tags).filter((tag) => typeof tag === 'string' && tags.has(tag));
  return [
    ...columns.map(([name]) => `${name} is not enforced here yet`),
    ...metadata.map(([name]) => `metadata.${name} is not enforced here yet`),
    ...held.map((tag) => `the tag ${String(tag)} has limits, which are not enforced here yet`),
    ...(models.includes('all-team-models') ? ["models are its team's, and teams are not built yet"] : []),
    ...(models.includes('no-default-models') ? ['models say no-default-models, so it may call none'] : []),
    ...(user === undefined || !saysNothing(key['team_id']) ? [] : reasonsOfUser(user)),
  ];
}

function reasonsOfUser(user: Row): string[] {
  const limits = heldTo.filter((name) => !saysNothing(user[name]));
  const role = user['user_role'];
  return [
    ...limits.map((name) => `its user's ${name} is not enforced here yet`),
    ...(freeRoles.some((free) => free === role) ? [] : [`its user's role ${String(role)} is not enforced here yet`]),
  ];
}

/**
 * Takes what a key may call in LiteLLM and the names behind each access group; returns the same in our words. A group becomes its
 * names. Empty only where LiteLLM means every model.
 */
export function modelsOf(stored: unknown, groups: ReadonlyMap<string, readonly string[]>): string[] {
  const models = Array.isArray(stored) ? stored.filter((name): name is string => typeof name === 'string') : [];
  if (models.includes('all-proxy-models') || models.includes('*')) return [];
  const names = models.filter((name) => name !== '').flatMap((name) => groups.get(name) ?? [name]);
  if (models.length > 0 && names.length === 0) return ['no-default-models'];
  return [...new Set(names)];
}
