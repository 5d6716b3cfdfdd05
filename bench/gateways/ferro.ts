// Ferro: a Go gateway whose binary comes inside an npm package.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmPackage } from '../packages.ts';
import { type Gateway, NotHere } from './gateway.ts';

const wanted = { name: '@ferro-labs-ai/gateway-linux-x64', version: '1.5.9' };

const configuration = `strategy: {mode: fallback}
targets: [{virtual_key: openai, models: [gpt-4.1, text-embedding-3-small]}]
`;

export const ferro: Gateway = {
  name: 'ferro',
  setting: 'no store, no keys, rate limit out of reach, no catalogue from outside, log from warnings on',

  install(peers) {
    if (process.platform !== 'linux' || process.arch !== 'x64') throw new NotHere('its binary is for Linux on x64');
    npmPackage(wanted, peers);
    return wanted.version;
  },

  configure({ folder, peers, port, upstreamPort }) {
    const file = join(folder, 'config.yaml');
    writeFileSync(file, configuration);
    return {
      program: {
        command: join(npmPackage(wanted, peers), 'ferrogw'),
        words: ['serve'],
        environment: {
          HOME: folder,
          GATEWAY_CONFIG: file,
          OPENAI_API_KEY: 'sk-of-the-upstream',
          OPENAI_BASE_URL: `http://127.0.0.1:${upstreamPort}/v1`,
          PORT: String(port),
          MASTER_KEY: 'a-master-key-of-at-least-thirty-two-characters',
          ALLOW_UNAUTHENTICATED_PROXY: 'true',
          FERRO_MODEL_CATALOG_TIMEOUT: '0',
          LOG_LEVEL: 'warn',
          RATE_LIMIT_RPS: '1000000',
          RATE_LIMIT_BURST: '1000000',
        },
        folder,
        log: join(folder, 'out.log'),
      },
      chat: { path: '/v1/chat/completions', model: 'gpt-4.1', headers: {} },
      embeddings: { path: '/v1/embeddings', model: 'text-embedding-3-small', headers: {} },
    };
  },
};
