// Bifrost: a Go gateway on fasthttp, built from its Go module where the toolchain and the module can be had.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goProgram } from '../packages.ts';
import type { Gateway } from './gateway.ts';

const command = 'github.com/maximhq/bifrost/transports/bifrost-http';
const version = 'v1.6.4';

function configuration(upstreamPort: number): string {
  const keys = [{ name: 'upstream', value: 'sk-of-the-upstream', models: [], weight: 1 }];
  const network = { base_url: `http://127.0.0.1:${upstreamPort}`, allow_private_network: true };
  const openai = {
    keys,
    network_config: network,
    concurrency_and_buffer_size: { concurrency: 1000, buffer_size: 5000 },
  };
  const client = {
    enable_logging: false,
    initial_pool_size: 1000,
    drop_excess_requests: false,
    enforce_auth_on_inference: false,
  };
  return JSON.stringify({ client, config_store: { enabled: false }, providers: { openai } });
}

export const bifrost: Gateway = {
  name: 'bifrost',
  setting: 'no store, no keys, no log of requests, a pool of 1,000 objects',

  install(peers) {
    goProgram(command, version, peers);
    return version.slice(1);
  },

  configure({ folder, peers, port, upstreamPort }) {
    writeFileSync(join(folder, 'config.json'), configuration(upstreamPort));
    return {
      program: {
        command: goProgram(command, version, peers),
        words: ['-app-dir', folder, '-host', '127.0.0.1', '-port', String(port), '-log-level', 'error'],
        environment: { HOME: folder },
        folder,
        log: join(folder, 'out.log'),
      },
      chat: { path: '/v1/chat/completions', model: 'openai/gpt-4.1', headers: {} },
      embeddings: { path: '/v1/embeddings', model: 'openai/text-embedding-3-small', headers: {} },
    };
  },
};
