// Portkey's open gateway: TypeScript, Hono on Node. Routing is in headers; there is no configuration file.
import { join } from 'node:path';
import { npmPackage } from '../packages.ts';
import type { Gateway } from './gateway.ts';

/** A plain install brings newer Hono packages, with which streams and embeddings answer 500; these are those it was built with. */
const wanted = {
  name: '@portkey-ai/gateway',
  version: '1.15.2',
  overrides: { '@hono/node-server': '1.13.5', hono: '4.9.7', '@hono/node-ws': '1.2.0' },
};

export const portkey: Gateway = {
  name: 'portkey',
  setting: 'on the same Node as ours, NODE_ENV=production, headless, no keys, no log',

  install(peers) {
    npmPackage(wanted, peers);
    return wanted.version;
  },

  configure({ folder, peers, port, upstreamPort }) {
    const server = join(npmPackage(wanted, peers), 'build', 'start-server.js');
    const headers = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1` };
    return {
      program: {
        command: process.execPath,
        words: [server, '--headless', `--port=${port}`],
        environment: { NODE_ENV: 'production', HOME: folder },
        folder,
        log: join(folder, 'out.log'),
      },
      chat: { path: '/v1/chat/completions', model: 'gpt-4.1', headers },
      embeddings: { path: '/v1/embeddings', model: 'text-embedding-3-small', headers },
    };
  },
};
