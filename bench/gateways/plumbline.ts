// Ours, from the built bundle and with everything on: embedded PostgreSQL, a virtual key, an alias with two deployments among
// 48 models, a usage row for each request, metrics, and an access line for each request in a file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Program, start, stop } from '../processes.ts';
import { untilAnswered } from '../until-answered.ts';
import { type Gateway, type Launch, NotHere, type Place } from './gateway.ts';

const bundle = fileURLToPath(new URL('../../dist/plumbline.js', import.meta.url));
const stamp = fileURLToPath(new URL('../../dist/build.json', import.meta.url));
/** As the launcher runs Node. */
const launch: { readonly flags: readonly string[]; readonly environment: Readonly<Record<string, string>> } =
  JSON.parse(readFileSync(new URL('../../bin/node-settings.json', import.meta.url), 'utf8'));
const masterKey = 'sk-the-master-key-of-the-bench';
const models = 48;

/** The measured aliases have two deployments each, at two addresses; the rest of the 48 stand beside them. */
function configuration(upstreamPort: number): string {
  const entry = (alias: string, model: string, host: string, id: string): string =>
    `  - model_name: ${alias}\n    litellm_params: {model: openai/${model}, api_base: "http://${host}:${upstreamPort}/v1", ` +
    `api_key: sk-${id}}\n    model_info: {id: ${id}}\n`;
  const measured = [
    entry('bench-chat', 'gpt-4.1', '127.0.0.1', 'chat-one'),
    entry('bench-chat', 'gpt-4.1', 'localhost', 'chat-two'),
    entry('bench-embed', 'text-embedding-3-small', '127.0.0.1', 'embed-one'),
    entry('bench-embed', 'text-embedding-3-small', 'localhost', 'embed-two'),
  ];
  const others = Array.from({ length: models - measured.length }, (_, index) =>
    entry(`model-${index + 1}`, 'gpt-4.1', '127.0.0.1', `other-${index + 1}`),
  );
  return `model_list:\n${[...measured, ...others].join('')}`;
}

function programOf({ folder, port }: Place): Program {
  return {
    command: process.execPath,
    words: [
      ...launch.flags,
      bundle,
      'serve',
      '--config',
      join(folder, 'config.yaml'),
      '--port',
      String(port),
      '--data-dir',
      join(folder, 'data'),
    ],
    environment: { ...launch.environment, PLUMBLINE_MASTER_KEY: masterKey, HOME: folder },
    folder,
    log: join(folder, 'access.log'),
  };
}

/** Starts once to make the database and a virtual key, as an operator would; returns the key. */
async function firstStart(program: Program, place: Place): Promise<string> {
  const url = `http://127.0.0.1:${place.port}`;
  const child = start(program, place.core);
  try {
    await untilAnswered(child, { url: `${url}/readyz`, patienceMs: 60_000 });
    const answer = await fetch(`${url}/key/generate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key_alias: 'bench', models: ['bench-chat', 'bench-embed'] }),
    });
    const made: { key?: string } = JSON.parse(await answer.text());
    if (made.key === undefined) throw new Error(`/key/generate answered ${answer.status}`);
    return made.key;
  } finally {
    await stop(child);
  }
}

export const plumbline: Gateway = {
  name: 'ours',
  setting:
    'everything on: virtual key, alias of two deployments among 48 models, usage rows in embedded PostgreSQL (its processes on the tools’ core), metrics, access log to a file',

  install() {
    if (!existsSync(stamp)) throw new NotHere('it is not built: npm run build');
    const built: { id: string } = JSON.parse(readFileSync(stamp, 'utf8'));
    return built.id;
  },

  async configure(place): Promise<Launch> {
    writeFileSync(join(place.folder, 'config.yaml'), configuration(place.upstreamPort));
    const program = programOf(place);
    const headers = { Authorization: `Bearer ${await firstStart(program, place)}` };
    const launch = {
      program,
      chat: { path: '/v1/chat/completions', model: 'bench-chat', headers },
      embeddings: { path: '/v1/embeddings', model: 'bench-embed', headers },
      database: 'postgres',
    };
    const withWorkers = (count: number): Launch => ({
      ...launch,
      program: { ...program, words: [...program.words, '--workers', String(count)] },
    });
    return { ...launch, withWorkers };
  },
};
