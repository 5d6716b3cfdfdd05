// GoModel: a Go gateway, built from its Go module where the toolchain and the module can be had.
import { join } from 'node:path';
import { goProgram } from '../packages.ts';
import type { Gateway } from './gateway.ts';

const command = 'github.com/enterpilot/gomodel/cmd/gomodel';
const version = 'v0.1.98';

export const gomodel: Gateway = {
  name: 'gomodel',
  setting: 'no keys, usage, audit and metrics off, nothing fetched from outside',

  install(peers) {
    goProgram(command, version, peers);
    return version.slice(1);
  },

  configure({ folder, peers, port, upstreamPort }) {
    return {
      program: {
        command: goProgram(command, version, peers),
        words: [],
        environment: {
          HOME: folder,
          PORT: String(port),
          OPENAI_API_KEY: 'sk-of-the-upstream',
          OPENAI_BASE_URL: `http://127.0.0.1:${upstreamPort}/v1`,
          GOMODEL_OFFLINE: 'true',
          USAGE_ENABLED: 'false',
          LOGGING_ENABLED: 'false',
          METRICS_ENABLED: 'false',
          LOG_LEVEL: 'error',
        },
        folder,
        log: join(folder, 'out.log'),
      },
      chat: { path: '/v1/chat/completions', model: 'gpt-4.1', headers: {} },
      embeddings: { path: '/v1/embeddings', model: 'text-embedding-3-small', headers: {} },
    };
  },
};
