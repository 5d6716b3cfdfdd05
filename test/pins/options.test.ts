import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flagOf, optionNames, variablesOf } from '../../src/config/options.ts';

/** Each option's flag, then its environment names in order of precedence. */
const pinned = [
  ['--host', 'PLUMBLINE_HOST', 'HOST'],
  ['--port', 'PLUMBLINE_PORT', 'PORT'],
  ['--config', 'PLUMBLINE_CONFIG', 'CONFIG_FILE_PATH'],
  ['--accept-not-yet', 'PLUMBLINE_ACCEPT_NOT_YET'],
  ['--data-dir', 'PLUMBLINE_DATA_DIR'],
  ['--database-url-file', 'PLUMBLINE_DATABASE_URL', 'DATABASE_URL'],
  ['--database-pool', 'PLUMBLINE_DATABASE_POOL'],
  ['--workers', 'PLUMBLINE_WORKERS', 'NUM_WORKERS'],
  ['--http-proxy-file', 'PLUMBLINE_HTTP_PROXY', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'],
  ['--https-proxy-file', 'PLUMBLINE_HTTPS_PROXY', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'],
  ['--journal-limit', 'PLUMBLINE_JOURNAL_LIMIT'],
  ['--upstream-http2', 'PLUMBLINE_UPSTREAM_HTTP2'],
  ['--upstream-lifetime-ms', 'PLUMBLINE_UPSTREAM_LIFETIME_MS'],
  ['--usage-retention-days', 'PLUMBLINE_USAGE_RETENTION_DAYS'],
  ['--store-contents', 'PLUMBLINE_STORE_CONTENTS', 'STORE_PROMPTS_IN_SPEND_LOGS'],
  ['--contents-retention-days', 'PLUMBLINE_CONTENTS_RETENTION_DAYS'],
  ['--master-key-file', 'PLUMBLINE_MASTER_KEY', 'LITELLM_MASTER_KEY'],
  ['--proxy-bypass', 'PLUMBLINE_PROXY_BYPASS', 'NO_PROXY', 'no_proxy'],
  ['--salt-key-file', 'PLUMBLINE_SALT_KEY', 'LITELLM_SALT_KEY'],
  ['--salt-key-previous-file', 'PLUMBLINE_SALT_KEY_PREVIOUS'],
  ['--log-level', 'PLUMBLINE_LOG_LEVEL', 'LITELLM_LOG'],
  ['--log-format', 'PLUMBLINE_LOG_FORMAT'],
  ['--api-addresses', 'PLUMBLINE_API_ADDRESSES'],
  ['--api-hosts', 'PLUMBLINE_API_HOSTS'],
  ['--body-limit', 'PLUMBLINE_BODY_LIMIT'],
  ['--grace-ms', 'PLUMBLINE_GRACE_MS'],
  ['--ping-ms', 'PLUMBLINE_PING_MS'],
  ['--keep-alive-ms', 'PLUMBLINE_KEEP_ALIVE_MS'],
  ['--upstream-authorities', 'PLUMBLINE_UPSTREAM_AUTHORITIES', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE'],
  ['--client-connections', 'PLUMBLINE_CLIENT_CONNECTIONS'],
  ['--upstream-connections', 'PLUMBLINE_UPSTREAM_CONNECTIONS'],
  ['--metrics-access', 'PLUMBLINE_METRICS_ACCESS'],
  ['--metrics-litellm', 'PLUMBLINE_METRICS_LITELLM'],
  ['--otlp-endpoint', 'PLUMBLINE_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_ENDPOINT'],
  ['--otlp-headers-file', 'PLUMBLINE_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_HEADERS'],
  ['--trace-name', 'PLUMBLINE_TRACE_NAME', 'OTEL_SERVICE_NAME'],
  ['--trace-content', 'PLUMBLINE_TRACE_CONTENT', 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT'],
  ['--trace-percent', 'PLUMBLINE_TRACE_PERCENT'],
  ['--discover', 'PLUMBLINE_DISCOVER'],
  ['--demo', 'PLUMBLINE_DEMO'],
  ['--price-file', 'PLUMBLINE_PRICE_FILE'],
];

test('every option keeps its flag and its environment names', () => {
  const actual = optionNames.map((name) => [flagOf(name), ...variablesOf(name)]);
  assert.deepEqual(actual.toSorted(), pinned.toSorted());
});
