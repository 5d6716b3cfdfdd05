// What becomes of every key of LiteLLM's config.yaml. One table a section; docs and the reader come from it.
// Rule: a setting that keeps someone out, caps spending or screens content is never dropped with a mere warning: it is refused.

/**
 * honoured: in force. already: Plumbline behaves so anyway. not-yet: understood, listed at start, not in force.
 * refused: leaving it out would make the gateway less safe than the file says; an error unless accepted by path.
 */
export type KeyStatus = 'honoured' | 'already' | 'not-yet' | 'refused';

export interface KeyRow {
  readonly status: KeyStatus;
  /** What that means, one sentence; empty when honoured. */
  readonly says: string;
  /** True when the key's "off" is a choice too (its usual value is on). */
  readonly offMatters?: boolean;
  /** True when its keys have a table of their own, by which they are read (also while not yet in force) and their references resolved. */
  readonly isSection?: boolean;
}

export type KeyTable = Readonly<Record<string, KeyRow>>;

type Rows = readonly (readonly [string, KeyRow])[];

const rows = (status: KeyStatus, says: string, names: string, offMatters = false): Rows =>
  names
    .split(/\s+/)
    .filter((name) => name !== '')
    .map((name) => [name, { status, says, ...(offMatters ? { offMatters } : {}) }]);

const honoured = (names: string): Rows => rows('honoured', '', names);
const section = (names: string): Rows => honoured(names).map(([name, row]) => [name, { ...row, isSection: true }]);
const already = (says: string, names: string): Rows => rows('already', says, names);
const notYet = (says: string, names: string): Rows => rows('not-yet', says, names);
const refused = (says: string, names: string): Rows => rows('refused', says, names);
const stored = (says: string, names: string): Rows =>
  notYet(says, names).map(([name, row]) => [name, { ...row, isSection: true }]);

const table = (...parts: readonly Rows[]): KeyTable => Object.fromEntries(parts.flat());

const noAlerts = 'alerts are not sent yet';
const noBudgets = 'budgets are not enforced yet, so spending would be unlimited';
const noCache = 'answers are not cached yet';
const noRedis = 'instances do not share their counters yet; each counts for itself';
const noSignIn = 'sign-in is not built yet, so nobody can sign in this way';
const noTeams = 'users and teams are not built yet';
const noJwt = 'only keys are checked, so callers would not be held to this';
const noRequestRules = 'requests are not checked for this yet, so they would pass';
const noSecretManager = 'secrets are read from the environment only';

export const topKeys = table(
  section('model_list litellm_settings router_settings general_settings environment_variables include'),
  section('credential_list guardrails'),
  stored('stored, and shown by `plumbline config`, but MCP servers are not connected yet', 'mcp_servers'),
  notYet('MCP servers and tools are not connected yet', 'mcp_tools'),
  notYet(
    'this API is not built yet',
    'prompts search_tools vector_store_registry vector_stores agent_list agents skills',
  ),
  notYet('this API is not built yet', 'assistant_settings finetune_settings files_settings batch_settings'),
  notYet('this provider is not built yet', 'default_vertex_config'),
  notYet('callbacks are not built yet', 'callback_settings'),
  refused('guardrail policies are not built yet, so content would not be screened', 'policies policy_attachments'),
);

export const litellmSettings = table(
  honoured('drop_params num_retries request_timeout fallbacks default_fallbacks context_window_fallbacks'),
  honoured('content_policy_fallbacks allowed_fails callbacks success_callback failure_callback service_callbacks'),
  honoured('guardrails require_auth_for_metrics_endpoint'),
  honoured('turn_off_message_logging'),
  already('messages and answers are never logged', 'redact_messages_in_exceptions'),
  already('keys are never logged', 'redact_user_api_key_info'),
  already('nothing is sent home', 'telemetry'),
  already('log lines are JSON unless a terminal reads them; see --log-format', 'json_logs'),
  already('the headers are always sent', 'return_response_headers'),
  already('nothing is downloaded to count tokens', 'disable_hf_tokenizer_download'),
  already('nothing is printed beside the log', 'suppress_debug_info'),
  notYet('use --log-level debug instead', 'set_verbose'),
  notYet(noCache, 'cache cache_params enable_caching_on_provider_specific_optional_params'),
  notYet('only the parameters are checked, not repaired', 'modify_params add_function_to_prompt'),
  notYet('model names are mapped by router_settings.model_group_alias only', 'model_alias_map'),
  notYet('per-group settings are not built yet', 'model_group_settings'),
  notYet('Python providers do not run here; an OpenAI-compatible server with api_base does', 'custom_provider_map'),
  notYet('requests are not ranked yet', 'priority_reservation priority_reservation_settings'),
  stored('MCP servers are not connected yet', 'mcp_aliases'),
  notYet('MCP servers and tools are not connected yet', 'public_mcp_servers'),
  notYet('wildcards are not expanded by asking the provider', 'check_provider_endpoint'),
  notYet('this hub is not built yet', 'public_model_groups public_model_groups_links public_agent_groups'),
  notYet('prices are neither discounted nor raised yet', 'cost_discount_config cost_margin_config'),
  notYet('prompts from files are not built yet', 'global_prompt_directory global_prompt_integration'),
  notYet('answers are not checked against their schema', 'enable_json_schema_validation'),
  notYet('calls go out by whatever address family the name resolves to', 'force_ipv4'),
  notYet('certificates are always checked', 'ssl_certificate ssl_security_level ssl_ecdh_curve'),
  already('proxies of the environment are used', 'aiohttp_trust_env'),
  rows(
    'not-yet',
    'certificates are always checked; name your own authority by --upstream-authorities',
    'ssl_verify',
    true,
  ),
  notYet('this belongs to a Python library that is not here', 'disable_aiohttp_transport enable_preview_features'),
  notYet('an audit log is not built yet', 'store_audit_logs'),
  notYet('the responses API is not built yet', 'responses disable_copilot_system_to_assistant'),
  notYet(
    '/v1/messages is translated for every provider but Anthropic',
    'use_chat_completions_url_for_anthropic_messages',
  ),
  notYet('only x-litellm-tags is read for tags', 'extra_spend_tag_headers'),
  notYet('end users are counted', 'disable_end_user_cost_tracking disable_end_user_cost_tracking_prometheus_only'),
  already(
    'trace headers are passed on while traces are sent; see --otlp-endpoint',
    'forward_traceparent_to_llm_provider',
  ),
  notYet('end users are never labels of a metric', 'enable_end_user_cost_tracking_prometheus_only'),
  notYet('budgets are not kept yet, so there are no metrics of them', 'prometheus_initialize_budget_metrics'),
  notYet(
    'callbacks are not built yet',
    'langfuse_default_tags s3_callback_params datadog_params prometheus_metrics_config',
  ),
  notYet('callbacks are not built yet', 'custom_prometheus_metadata_labels custom_prometheus_tags'),
  notYet('image addresses are passed on as they are', 'disable_add_transform_inline_image_block'),
  notYet(noTeams, 'default_internal_user_params default_team_params default_team_settings max_ui_session_budget'),
  notYet('new keys get no preset fields yet', 'default_key_generate_params'),
  notYet('key aliases are not held to a format yet', 'enable_key_alias_format_validation'),
  refused(noBudgets, 'max_budget budget_duration max_internal_user_budget internal_user_budget_duration'),
  refused(noBudgets, 'max_end_user_budget max_end_user_budget_id'),
  refused('new keys are not held to this yet', 'upperbound_key_generate_params key_generation_settings'),
  refused('Python rules do not run here, so content would not be screened', 'post_call_rules pre_call_rules'),
);

export const routerSettings = table(
  honoured('routing_strategy model_group_alias num_retries max_fallbacks retry_after timeout stream_timeout'),
  honoured('fallbacks default_fallbacks context_window_fallbacks content_policy_fallbacks'),
  honoured('allowed_fails allowed_fails_policy cooldown_time disable_cooldowns'),
  honoured('retry_policy model_group_retry_policy enable_tag_filtering default_litellm_params'),
  already('an invalid deployment is an error before the start', 'ignore_invalid_deployments'),
  already('connections are pooled and reused', 'client_ttl'),
  notYet("strategies use Plumbline's own windows", 'routing_strategy_args'),
  notYet('prompts are not measured before the call; order is honoured without it', 'enable_pre_call_checks'),
  notYet('these checks are not built yet', 'optional_pre_call_checks deployment_affinity_ttl_seconds'),
  rows('not-yet', 'a deployment matches when it shares any tag', 'tag_filtering_match_any', true),
  notYet('only max_parallel_requests of a deployment is honoured', 'default_max_parallel_requests'),
  notYet('requests are not ranked yet', 'default_priority polling_interval'),
  notYet(noRedis, 'redis_url redis_host redis_port redis_password redis_db redis_ssl'),
  notYet(noCache, 'cache_responses cache_kwargs caching_groups'),
  notYet(noAlerts, 'alerting_config'),
  notYet('this API is not built yet', 'assistants_config'),
  notYet('use --log-level debug instead', 'set_verbose debug_level'),
  notYet('a model that no alias matches is refused', 'router_general_settings'),
  notYet('it has no effect here; write it at the top of the file', 'model_list search_tools guardrail_list'),
  refused(noBudgets, 'provider_budget_config'),
);

export const generalSettings = table(
  honoured('master_key database_url database_connection_pool_limit max_request_size_mb'),
  honoured('store_prompts_in_spend_logs maximum_spend_logs_retention_period'),
  already('models always live in the database', 'store_model_in_db'),
  already(
    'the master key is neither stored nor shown',
    'disable_adding_master_key_hash_to_db disable_master_key_return',
  ),
  already('no licence is needed', 'litellm_license'),
  already('changes are in force at once', 'user_api_key_cache_ttl'),
  already('Plumbline keeps its own tables and changes no other', 'disable_prisma_schema_update'),
  notYet('the address of the peer is recorded', 'use_x_forwarded_for'),
  notYet('usage is always recorded', 'disable_spend_logs disable_spend_updates disable_error_logs'),
  notYet('budgets are not built yet', 'disable_reset_budget proxy_budget_rescheduler_min_time'),
  notYet('budgets are not built yet', 'proxy_budget_rescheduler_max_time'),
  already('old days are dropped within the hour', 'maximum_spend_logs_retention_interval'),
  notYet('rows of every kind are read', 'supported_db_objects'),
  notYet('the database is waited for as long as the driver does', 'database_connection_timeout'),
  notYet('while the database is away only known keys are served', 'allow_requests_on_db_unavailable'),
  notYet(noRedis, 'use_redis_transaction_buffer use_shared_health_check'),
  notYet("usage is written at Plumbline's own pace", 'proxy_batch_write_at'),
  notYet('batches are not built yet', 'proxy_batch_polling_interval'),
  notYet(
    'the model of the request is used',
    'completion_model embedding_model image_generation_model moderation_model',
  ),
  notYet('the model of the request is used', 'infer_model_from_keys'),
  notYet(noSignIn, 'custom_sso custom_ui_sso_sign_in_handler allow_user_auth ui_access_mode'),
  notYet('the responses API is not built yet', 'disable_responses_id_security'),
  notYet('keys are read from the usual headers only', 'litellm_key_header_name'),
  notYet('every route but health needs a key', 'public_routes'),
  notYet("clients cannot bring a provider's key", 'allow_client_side_credentials'),
  notYet('end users are read from the body (user) only', 'user_header_name user_header_mappings'),
  notYet(
    'parallel requests are not limited by key or in all yet',
    'max_parallel_requests global_max_parallel_requests',
  ),
  notYet('parallel requests are not limited by key or in all yet', 'disable_retry_on_max_parallel_request_limit_error'),
  notYet('rates are not limited by key yet', 'token_rate_limit_type'),
  notYet('answers are limited in size by the gateway only', 'max_response_size_mb'),
  notYet('health is looked at when asked', 'background_health_checks health_check_interval health_check_concurrency'),
  rows('not-yet', 'health answers carry their details', 'health_check_details', true),
  notYet(noAlerts, 'alerting alert_types alert_to_webhook_url alerting_threshold alerting_args spend_report_frequency'),
  notYet('these routes do not exist yet', 'pass_through_endpoints use_client_credentials_pass_through_routes'),
  notYet("clients' headers are not passed on", 'forward_client_headers_to_llm_api forward_openai_org_id'),
  notYet(noTeams, 'default_team_disabled'),
  notYet('this hub is not built yet', 'enable_public_model_hub'),
  notYet('MCP servers and tools are not connected yet', 'user_mcp_management_mode'),
  notYet(noSecretManager, 'key_management_system key_management_settings use_google_kms use_azure_key_vault'),
  refused(
    'Python code does not run here, so its check would be missing',
    'custom_auth custom_auth_settings custom_key_generate',
  ),
  refused(noJwt, 'enable_jwt_auth litellm_jwtauth role_permissions enable_oauth2_auth enable_oauth2_proxy_auth'),
  refused(noJwt, 'oauth2_config_mappings'),
  refused('addresses are not checked yet, so anyone with a key could call', 'allowed_ips'),
  refused('routes are not limited by role yet, so every key could call them', 'allowed_routes admin_only_routes'),
  refused(
    noRequestRules,
    'enforce_user_param enforced_params reject_clientside_metadata_tags service_account_settings',
  ),
);

/** An entry of mcp_servers. */
export const toolServerKeys = table(
  honoured('url transport command args env spec_path static_headers extra_headers alias description mcp_info'),
  honoured('auth_type auth_value authentication_token client_id client_secret scopes authorization_url token_url'),
  honoured('registration_url access_groups allowed_tools disallowed_tools allowed_params allow_all_keys'),
  notYet('where a call comes from is not looked at yet', 'available_on_public_internet'),
);

/** Fields of litellm_params that hold a secret; they are sealed, never stored beside the other parameters. */
export const secretFields: readonly string[] = [
  'api_key',
  'aws_access_key_id',
  'aws_secret_access_key',
  'aws_session_token',
  'azure_ad_token',
  'azure_password',
  'client_secret',
  'aws_web_identity_token',
  'vertex_credentials',
];

/** Takes a field's name; true when its value is a secret. */
export function isSecretField(name: string): boolean {
  return (
    secretFields.includes(name) || /(^|[_-])(key|apikey|token|secret|password|credentials?|auth_value)$/i.test(name)
  );
}

/** Takes a header's name; true when its value is a secret. */
export function isSecretHeader(name: string): boolean {
  return /^(cookie|.*(auth|key|token|secret|password|credential).*)$/i.test(name);
}

/** Prices that are reckoned with, by LiteLLM's names. */
export const priceFields = [
  'input_cost_per_token',
  'output_cost_per_token',
  'cache_read_input_token_cost',
  'cache_creation_input_token_cost',
  'cache_creation_input_token_cost_above_1hr',
  'input_cost_per_audio_token',
  'output_cost_per_audio_token',
  'output_cost_per_reasoning_token',
  'input_cost_per_token_above_200k_tokens',
  'output_cost_per_token_above_200k_tokens',
  'input_cost_per_request',
  'input_cost_per_query',
] as const;

/** Settings of providers beside keys; each provider says which it knows. */
export const settingFields: readonly string[] = [
  'aws_region_name',
  'aws_profile_name',
  'aws_role_name',
  'aws_session_name',
  'aws_external_id',
  'aws_sts_endpoint',
  'vertex_project',
  'vertex_location',
];

const cloudFields = 'watsonx_region_name project_id region_name space_id';

/** What Entra hands out tokens for. */
const entraFields = 'tenant_id client_id client_secret azure_username azure_password azure_scope';

export const litellmParams = table(
  honoured('model api_base base_url api_version base_model custom_llm_provider organization litellm_credential_name'),
  honoured(
    'timeout stream_timeout max_retries num_retries rpm tpm weight order max_parallel_requests cooldown_time tags',
  ),
  honoured(`aws_bedrock_runtime_endpoint ${settingFields.join(' ')}`),
  honoured('mock_response drop_params additional_drop_params extra_headers headers extra_body'),
  honoured(priceFields.join(' ')),
  honoured(secretFields.filter((field) => !entraFields.split(' ').includes(field)).join(' ')),
  notYet('tokens are not fetched from Entra; give api_key, or azure_ad_token', entraFields),
  notYet('write the model as litellm_proxy/name instead', 'use_litellm_proxy'),
  notYet('this belongs to a provider that is not built yet', cloudFields),
  notYet('write vertex_project and vertex_location instead', 'vertex_ai_project vertex_ai_location'),
  notYet('the canned answer comes at once', 'mock_timeout mock_delay'),
  notYet('only the parameters are checked, not repaired', 'modify_params allowed_openai_params'),
  notYet("clients cannot bring a provider's key", 'configurable_clientside_auth_params'),
  notYet('these routes do not exist yet', 'use_in_pass_through'),
  notYet('reasoning stays in reasoning_content', 'merge_reasoning_content_in_choices'),
  notYet('cache markers are passed on as the client sets them', 'cache_control_injection_points'),
  notYet('models are not chosen by meaning yet', 'auto_router_config auto_router_config_path'),
  notYet('models are not chosen by meaning yet', 'auto_router_default_model auto_router_embedding_model'),
  notYet('prompts are not built yet', 'prompt_id prompt_variables prompt_integration'),
  notYet('only prices by token, request and query are reckoned with', 'input_cost_per_second output_cost_per_second'),
  notYet('only prices by token, request and query are reckoned with', 'input_cost_per_character output_cost_per_image'),
  notYet('only prices by token, request and query are reckoned with', 'output_cost_per_character input_cost_per_image'),
  notYet('the model is called as the provider offers it', 'hf_model_name supports_system_message complete_response'),
  notYet('other deployments are told apart by tags', 'allowed_model_region'),
  notYet('certificates are always checked', 'ssl_certificate'),
  rows(
    'not-yet',
    'certificates are always checked; name your own authority by --upstream-authorities',
    'ssl_verify',
    true,
  ),
  notYet('the provider is told no more than the client asked', 'litellm_trace_id litellm_session_id litellm_metadata'),
  refused(noBudgets, 'max_budget budget_duration'),
  refused('guardrails are not built yet, so content would not be screened', 'guardrails'),
);

/** Parameters of a request that a deployment may preset; any other key is passed on too, with a word about it. */
export const requestParameters: readonly string[] =
  `temperature top_p top_k top_a min_p typical_p n stop seed max_tokens
  max_completion_tokens presence_penalty frequency_penalty repetition_penalty repeat_penalty logit_bias logprobs
  top_logprobs response_format tools tool_choice parallel_tool_calls functions function_call user stream stream_options
  reasoning reasoning_effort thinking modalities audio prediction store metadata service_tier verbosity safety_identifier
  prompt_cache_key web_search_options dimensions encoding_format input_type truncate embedding_types task
  return_documents top_n max_chunks_per_doc max_tokens_per_doc rank_fields keep_alive num_ctx num_predict num_gpu
  num_thread num_batch mirostat mirostat_eta mirostat_tau think format options raw template system suffix echo best_of
  transforms models route provider plugins safety_settings safe_prompt random_seed search_parameters
  chat_template_kwargs guided_json guided_regex guided_choice guided_grammar guided_decoding_backend
  stop_token_ids skip_special_tokens ignore_eos min_tokens use_beam_search length_penalty early_stopping
  add_generation_prompt include_reasoning enable_thinking thinking_budget return_citations search_domain_filter
  search_recency_filter return_images return_related_questions citation_quality connectors documents
  preamble prompt_truncation context_management betas mcp_servers container assistant_continue_message
  output_config output_format late_chunking normalized`
    .split(/\s+/)
    .filter((name) => name !== '');

export const entryKeys = table(honoured('model_name model_info'), section('litellm_params'));

/** Fields of model_info that mean something; others are kept as they are. */
export const modelInfoFields: readonly string[] = `id mode base_model max_tokens max_input_tokens max_output_tokens
  access_groups supported_environments health_check_model health_check_timeout disable_background_health_check team_id
  team_public_model_name db_model tier supports_vision supports_function_calling supports_tool_choice
  supports_parallel_function_calling supports_response_schema supports_system_messages supports_reasoning
  supports_prompt_caching supports_audio_input supports_audio_output supports_pdf_input supports_web_search
  output_vector_size litellm_provider description metadata created_at updated_at created_by updated_by
  ${priceFields.join(' ')}`
  .split(/\s+/)
  .filter((name) => name !== '');

export const modes: readonly string[] = `chat completion embedding image_generation image_edit audio_transcription
  audio_speech rerank realtime batch responses moderation ocr video_generation search vector_store`.split(/\s+/);

/** LiteLLM's built-in callbacks that screen what passes. */
export const screeningCallbacks: readonly string[] =
  `detect_prompt_injection llmguard_moderations llamaguard_moderations
  google_text_moderation openai_moderations blocked_user_check banned_keywords hide_secrets presidio
  lakera_prompt_injection aporia_prompt_injection`.split(/\s+/);

/** LiteLLM's other built-in callbacks. */
export const knownCallbacks: readonly string[] = `lago openmeter logfire literalai dynamic_rate_limiter
  dynamic_rate_limiter_v3 langsmith prometheus otel datadog datadog_llm_observability galileo braintrust arize
  arize_phoenix langtrace gcs_bucket azure_storage opik argilla mlflow langfuse langfuse_otel weave_otel pagerduty
  humanloop azure_sentinel gcs_pubsub agentops anthropic_cache_control_hook generic_api resend_email sendgrid_email
  smtp_email deepeval s3 s3_v2 aws_sqs vector_store_pre_call_hook dotprompt bitbucket gitlab cloudzero posthog levo
  athina helicone lunary promptlayer traceloop sentry slack supabase wandb greenscale dynamodb email webhook
  prometheus_system batch_redis_requests custom_callback_api`.split(/\s+/);

/** Prefixes of LiteLLM's providers: known by name even where the provider is not built. */
export const litellmProviders: readonly string[] = `openai openai_like jina_ai xai zai custom_openai
  text-completion-openai cohere cohere_chat clarifai anthropic anthropic_text bytez replicate runwayml aws_polly
  huggingface together_ai openrouter datarobot vertex_ai vertex_ai_beta gemini ai21 ai21_chat baseten azure azure_text
  azure_ai sagemaker sagemaker_chat bedrock vllm hosted_vllm nlp_cloud petals oobabooga ollama ollama_chat deepinfra
  perplexity mistral milvus groq nvidia_nim cerebras volcengine codestral text-completion-codestral dashscope moonshot
  publicai v0 morph lambda_ai deepseek sambanova maritalk voyage cloudflare xinference fireworks_ai friendliai
  featherless_ai watsonx watsonx_text triton predibase databricks empower github github_copilot ragflow compactifai
  docker_model_runner custom litellm_proxy llamafile lm_studio galadriel nebius infinity deepgram elevenlabs novita
  aiohttp_openai langfuse humanloop topaz sap assemblyai snowflake gradient_ai meta_llama nscale pg_vector helicone
  hyperbolic recraft fal_ai stability heroku aiml cometapi oci auto_router vercel_ai_gateway dotprompt wandb ovhcloud
  lemonade amazon_nova a2a_agent langgraph minimax synthetic apertis nano-gpt poe chutes veniceai xiaomi_mimo anyscale
  aleph_alpha palm bedrock_converse`.split(/\s+/);
