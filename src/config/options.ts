// Every boot option, in one table: types, environment names, flags, help, docs and validation come from it.
// Secrets have no flag (a command line is public to the machine); they have a FILE twin instead.
import type { Secret } from '../kit/secret.ts';

/** What a value looks like in the environment. `duration`: milliseconds, or with a unit (30s). `bytes`: bytes, or 64mb. */
export type OptionKind =
  | 'text'
  | 'host'
  | 'path'
  | 'whole'
  | 'duration'
  | 'bytes'
  | 'choice'
  | 'yes-no'
  | 'names'
  | 'secret';

export interface OptionRow {
  readonly kind: OptionKind;
  /** null: not set unless given. Absent: worked out from the environment, see `worksOut`. */
  readonly default?: string | number | boolean | readonly string[] | null;
  /** How the default is found, for people, when it is not a constant. */
  readonly worksOut?: string;
  /** LiteLLM's own names for it, used when ours is not set. */
  readonly litellm: readonly string[];
  readonly choices?: readonly string[];
  /** Words of LiteLLM's that mean one of `choices`. */
  readonly synonyms?: Readonly<Record<string, string>>;
  readonly least?: number;
  readonly most?: number;
  /** What a value must begin with. */
  readonly begins?: readonly string[];
  /** What it is for, one sentence. */
  readonly says: string;
}

const hour = 3_600_000;

export const options = {
  host: {
    kind: 'host',
    default: '127.0.0.1',
    litellm: ['HOST'],
    says: 'Address to listen on. Anything beyond loopback needs a master key that you set yourself.',
  },
  port: {
    kind: 'whole',
    default: 4000,
    litellm: ['PORT'],
    least: 0,
    most: 65_535,
    says: 'Port to listen on; 0 lets the system choose.',
  },
  config: {
    kind: 'path',
    default: null,
    litellm: ['CONFIG_FILE_PATH'],
    says: "LiteLLM's config.yaml, or a file in our own form, to read models and routing from.",
  },
  acceptNotYet: {
    kind: 'names',
    default: [],
    litellm: [],
    says: 'Settings of the configuration file to start without although they are refused or unknown, by path, separated by commas (general_settings.allowed_ips).',
  },
  dataDir: {
    kind: 'path',
    worksOut: '$XDG_DATA_HOME/plumbline, else ~/.local/share/plumbline',
    litellm: [],
    says: 'Folder for what must survive a restart: the embedded database, the keys made at the first start, the usage journal.',
  },
  databaseUrl: {
    kind: 'secret',
    default: null,
    litellm: ['DATABASE_URL'],
    begins: ['postgresql://', 'postgres://'],
    says: 'PostgreSQL (14 or later) to use instead of the embedded one. Tables live in their own schema, plumbline.',
  },
  databasePool: {
    kind: 'whole',
    default: 10,
    litellm: [],
    least: 2,
    most: 1000,
    says: 'Most connections to hold to the database.',
  },
  workers: {
    kind: 'whole',
    default: 1,
    litellm: ['NUM_WORKERS'],
    least: 1,
    most: 64,
    says: 'Processes that serve requests as one gateway; about one a core. Each holds its share of databasePool, 2 connections at least.',
  },
  journalLimit: {
    kind: 'bytes',
    default: 1024 * 1024 * 1024,
    litellm: [],
    least: 1024 * 1024,
    most: 1024 * 1024 * 1024 * 1024,
    says: 'Largest journal of usage on disk, which grows while the database is away (about 700 bytes a request). Beyond it rows are kept in memory, 50,000 at most.',
  },
  usageRetentionDays: {
    kind: 'whole',
    default: 0,
    litellm: [],
    least: 0,
    most: 36_500,
    says: 'Whole days of usage rows to keep; older days are dropped, their daily sums are kept. 0 keeps all.',
  },
  storeContents: {
    kind: 'yes-no',
    default: false,
    litellm: ['STORE_PROMPTS_IN_SPEND_LOGS'],
    says: 'Store what was asked and answered beside the usage row, bodies up to 256 KB. Whoever reads the database reads that too.',
  },
  contentsRetentionDays: {
    kind: 'whole',
    default: 7,
    litellm: [],
    least: 0,
    most: 36_500,
    says: 'Whole days of stored contents to keep, whatever usageRetentionDays says; older days are dropped. 0 keeps all.',
  },
  masterKey: {
    kind: 'secret',
    default: null,
    litellm: ['LITELLM_MASTER_KEY'],
    says: 'Key that may do everything. Without it the first start makes one and keeps it in the data folder.',
  },
  saltKey: {
    kind: 'secret',
    default: null,
    litellm: ['LITELLM_SALT_KEY'],
    says: 'Key that seals stored provider credentials. Without it the first start makes one and keeps it in the data folder; lose it and they cannot be read again.',
  },
  saltKeyPrevious: {
    kind: 'secret',
    default: null,
    litellm: [],
    says: 'While the salt key is being changed: the other one, which still opens what it sealed. See docs/secrets.md.',
  },
  logLevel: {
    kind: 'choice',
    default: 'info',
    litellm: ['LITELLM_LOG'],
    choices: ['debug', 'info', 'warn', 'error'],
    synonyms: { warning: 'warn', critical: 'error' },
    says: 'Least serious events to log.',
  },
  logFormat: {
    kind: 'choice',
    default: 'auto',
    litellm: [],
    choices: ['auto', 'json', 'text'],
    says: 'Shape of log lines. auto: text when standard output is a terminal, else json.',
  },
  bodyLimit: {
    kind: 'bytes',
    default: 64 * 1024 * 1024,
    litellm: [],
    least: 1024,
    most: 1024 * 1024 * 1024,
    says: 'Largest request body. The default holds what OpenAI (50 MB) and Anthropic (32 MB) take themselves.',
  },
  graceMs: {
    kind: 'duration',
    default: 25_000,
    litellm: [],
    least: 0,
    most: hour,
    says: 'How long running answers may finish after a stop is asked for. The default leaves time to write before an orchestrator kills at 30 s.',
  },
  pingMs: {
    kind: 'duration',
    default: 15_000,
    litellm: [],
    least: 100,
    most: 60_000,
    says: 'Silence in a stream after which a keep-alive ping is sent.',
  },
  keepAliveMs: {
    kind: 'duration',
    default: 75_000,
    litellm: [],
    least: 1000,
    most: hour,
    says: "How long an idle client connection is kept. The default outlives a load balancer's usual 60 s.",
  },
  clientConnections: {
    kind: 'whole',
    default: 10_000,
    litellm: [],
    least: 1,
    most: 1_000_000,
    says: 'Most client connections of one process; one beyond them is closed at once. A slow stream costs about 50 KB.',
  },
  upstreamConnections: {
    kind: 'whole',
    default: 4096,
    litellm: [],
    least: 1,
    most: 65_535,
    says: 'Most connections to one provider address; requests beyond it queue.',
  },
  upstreamLifetimeMs: {
    kind: 'duration',
    default: 300_000,
    litellm: [],
    least: 1000,
    most: 24 * hour,
    says: 'How long a connection to a provider is used before a new one takes its place, so that its name is looked up anew.',
  },
  upstreamHttp2: {
    kind: 'yes-no',
    default: false,
    litellm: [],
    says: 'Offer HTTP/2 to providers: calls share connections, and one that is lost ends all its calls. The cost is about the same.',
  },
  upstreamAuthorities: {
    kind: 'path',
    default: null,
    litellm: ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE'],
    says: 'PEM file of certificate authorities to trust besides the usual ones, as a company with its own needs.',
  },
  httpsProxy: {
    kind: 'secret',
    default: null,
    litellm: ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'],
    begins: ['http://', 'https://'],
    says: 'Proxy for providers whose address begins with https, as a URL; a user and a password may stand in it. This machine is always called directly.',
  },
  httpProxy: {
    kind: 'secret',
    default: null,
    litellm: ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'],
    begins: ['http://', 'https://'],
    says: 'The same for addresses that begin with http.',
  },
  proxyBypass: {
    kind: 'names',
    default: [],
    litellm: ['NO_PROXY', 'no_proxy'],
    says: 'Hosts that are called without a proxy: example.com (and all below it), host:port, an address, a network (10.0.0.0/8), * for all.',
  },
  apiAddresses: {
    kind: 'choice',
    default: 'private-too',
    litellm: [],
    choices: ['private-too', 'public', 'listed'],
    says: 'Where models added through the API may live. private-too: anywhere but link-local and cloud metadata addresses. public: nowhere on this machine or a private network. listed: on apiHosts only. Addresses of a configuration file are trusted.',
  },
  apiHosts: {
    kind: 'names',
    default: [],
    litellm: [],
    says: 'Hosts on which models added through the API may live whatever apiAddresses says, written as for proxyBypass. Link-local and cloud metadata addresses stay refused.',
  },
  metricsAccess: {
    kind: 'choice',
    default: 'auto',
    litellm: [],
    choices: ['auto', 'open', 'key'],
    says: 'Who may read /metrics. auto: anyone while only this machine can connect and no proxy passes the request on, else whoever has the master key. open: anyone. key: the master key.',
  },
  metricsLitellm: {
    kind: 'yes-no',
    default: true,
    litellm: [],
    says: "Give /metrics under LiteLLM's names as well, for dashboards made for it.",
  },
  otlpEndpoint: {
    kind: 'text',
    default: null,
    litellm: ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_ENDPOINT'],
    begins: ['http://', 'https://'],
    says: 'OpenTelemetry collector to send traces to (OTLP over HTTP, JSON); /v1/traces is added unless it ends so. Without it nothing is traced.',
  },
  otlpHeaders: {
    kind: 'secret',
    default: null,
    litellm: ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_HEADERS'],
    says: 'Headers for the collector, as name=value,name=value; values may be percent-encoded.',
  },
  traceName: {
    kind: 'text',
    default: 'plumbline',
    litellm: ['OTEL_SERVICE_NAME'],
    says: 'Name of this service in traces.',
  },
  traceContent: {
    kind: 'yes-no',
    default: false,
    litellm: ['OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT'],
    says: 'Tell in traces what was asked and answered, bodies up to 256 KB. Whoever reads the traces reads that too.',
  },
  tracePercent: {
    kind: 'whole',
    default: 100,
    litellm: [],
    least: 0,
    most: 100,
    says: 'How many of a hundred requests are traced. A request that comes with a traceparent follows its caller.',
  },
  discover: {
    kind: 'yes-no',
    default: true,
    litellm: [],
    says: 'Without a configuration file, look for provider keys in the environment and for local model servers.',
  },
  demo: {
    kind: 'choice',
    default: 'auto',
    litellm: [],
    choices: ['auto', 'on', 'off'],
    says: 'The canned model "demo". auto: only when there is no other model.',
  },
  priceFile: {
    kind: 'path',
    default: null,
    litellm: [],
    says: "JSON file of prices by model, in the shape of LiteLLM's cost map, laid over the shipped ones.",
  },
} as const satisfies Record<string, OptionRow>;

export type OptionName = keyof typeof options;

type Kinds = { text: string; host: string; path: string; whole: number; duration: number; bytes: number };
type Value<Row extends OptionRow> = Row extends { readonly kind: 'choice'; readonly choices: readonly (infer Choice)[] }
  ? Choice
  : Row['kind'] extends keyof Kinds
    ? Kinds[Row['kind']]
    : Row['kind'] extends 'yes-no'
      ? boolean
      : Row['kind'] extends 'names'
        ? readonly string[]
        : Secret;
type Absent<Row> = Row extends { readonly default: null } ? null : never;

/** The value of every option. */
export type OptionValues = {
  readonly [Name in OptionName]: Value<(typeof options)[Name]> | Absent<(typeof options)[Name]>;
};

/** Where a value came from; `name` is the flag, the variable or the place in a file. */
export interface Source {
  readonly from: 'default' | 'flag' | 'environment' | 'file';
  readonly name: string;
  /** The path that was given in place of the value, whose contents it is; secrets only. */
  readonly path?: string;
}

/** What is in force, and why. Deep-frozen. */
export type Config = OptionValues & { readonly sources: Readonly<Record<OptionName, Source>> };

/** The names of all options, in the order of the table. */
export const optionNames = Object.keys(options) as readonly OptionName[];

/** Takes an option; returns its row, widened. */
export function optionRow(name: OptionName): OptionRow {
  return options[name];
}

/** Takes an option; returns our environment name for it (`PLUMBLINE_BODY_LIMIT`). */
export function ourVariable(name: OptionName): string {
  return `PLUMBLINE_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

/** Takes an option; returns its environment names in order of precedence, the `…_FILE` twins of a secret left out. */
export function variablesOf(name: OptionName): readonly string[] {
  return [ourVariable(name), ...options[name].litellm];
}

/** Takes an option; returns its flag (`--body-limit`; `--master-key-file` for a secret). */
export function flagOf(name: OptionName): string {
  const dashed = name.replace(/[A-Z]/g, '-$&').toLowerCase();
  return options[name].kind === 'secret' ? `--${dashed}-file` : `--${dashed}`;
}
