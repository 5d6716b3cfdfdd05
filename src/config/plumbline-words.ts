// The words of our own form, and LiteLLM's for the same thing. The form is read by being put into LiteLLM's words, so that there is one reading
// of models, routing and tools; what is said of the file is put back into ours.
import { errors } from '../core/errors.ts';
import { priceFields, settingFields } from './litellm-keys.ts';
import type { Notice } from './notices.ts';

/** Ours → LiteLLM's. */
export type Words = Readonly<Record<string, string>>;

const same = (names: string): Words => Object.fromEntries(names.split(/\s+/).map((name) => [name, name]));

export const topWords = same('plumbline models credentials tool_servers router');

/** What is said of a name that clients call. */
export const aliasWords: Words = {
  ...same('target hidden strategy fallbacks context_window_fallbacks content_policy_fallbacks'),
  ...same('deployments retry_policy'),
};

/** What is said of a deployment, and stands in litellm_params. */
export const deploymentWords: Words = {
  ...same('model'),
  provider: 'custom_llm_provider',
  address: 'api_base',
  key: 'api_key',
  credential: 'litellm_credential_name',
  retries: 'num_retries',
  cooldown: 'cooldown_time',
  max_parallel: 'max_parallel_requests',
  headers: 'extra_headers',
  ...same('weight rpm tpm order timeout stream_timeout tags drop_params additional_drop_params extra_body'),
  ...same('mock_response api_version organization'),
  ...same(settingFields.join(' ')),
};

/** Dictionaries of a deployment whose entries stand in litellm_params themselves, and `info` and `id`, which are model_info. */
export const deploymentParts = ['parameters', 'prices', 'secrets', 'info', 'id'] as const;
export type DeploymentPart = (typeof deploymentParts)[number];

export const priceWords = same(priceFields.join(' '));

export const routerWords: Words = {
  strategy: 'routing_strategy',
  retries: 'num_retries',
  cooldown: 'cooldown_time',
  tag_filtering: 'enable_tag_filtering',
  fallbacks: 'default_fallbacks',
  ...same('retry_policy retry_after timeout stream_timeout disable_cooldowns allowed_fails allowed_fails_policy'),
  ...same('max_fallbacks drop_params'),
};

export const toolWords: Words = {
  address: 'url',
  auth: 'auth_type',
  key: 'auth_value',
  headers: 'static_headers',
  forward_headers: 'extra_headers',
  openapi: 'spec_path',
  allowed_parameters: 'allowed_params',
  all_keys: 'allow_all_keys',
  info: 'mcp_info',
  ...same('transport command args env alias description client_id client_secret scopes authorization_url token_url'),
  ...same('registration_url access_groups allowed_tools disallowed_tools'),
};

export const failureKinds: readonly string[] = [...new Set(Object.values(errors).map(({ kind }) => kind))];

/** LiteLLM's words as our readers write them, the longer before those they begin with. */
const spoken: readonly (readonly [RegExp, string])[] = [
  [/\blitellm_params\.model\b/g, 'model'],
  [/\bmodel_info\.id\b/g, 'id'],
  [/\bmodel_list\b/g, 'models'],
  [/\ba model_name\b/g, 'a name with deployments'],
  [/\bmodel_name\b/g, 'its name'],
  [/\bcredential_list\b/g, 'credentials'],
  [/\blitellm_credential_name\b/g, 'credential'],
  [/\bcustom_llm_provider\b/g, 'provider'],
  [/\ba url\b/g, 'an address'],
  [/\b(api_base|url)\b/g, 'address'],
  [/\b(api_key|auth_value)\b/g, 'key'],
  [/\bauth_type\b/g, 'auth'],
  [/\bextra_headers\b/g, 'headers'],
];

/** Takes a notice of our readers; returns it as it is said of a file in our own form. The file's own words stay as they are. */
export function inOurWords(notice: Notice): Notice {
  if (/^unknown (key|kind of error) /.test(notice.says)) return notice;
  const put = (text: string): string => spoken.reduce((said, [theirs, ours]) => said.replace(theirs, ours), text);
  const [mend = '', accept] = notice.mend.split(/(?=, or start with --accept-not-yet )/);
  return { ...notice, says: put(notice.says), mend: put(mend) + (accept ?? '') };
}
