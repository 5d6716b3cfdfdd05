// A run in which a gateway does not start: what was measured of all others is kept, and the reason stands beside it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Gateway } from '../../bench/gateways/gateway.ts';
import type { LoadReport } from '../../bench/instruments.ts';
import { plain } from '../../bench/requests.ts';
import { measureAll } from '../../bench/rounds.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';

const whyNot = process.platform === 'linux' ? false : 'the bench is for Linux';
const folder = temporaryFolder();
after(() => folder.remove());

const report: LoadReport = {
  seconds: 1,
  answered: 1000,
  failures: 0,
  refusals: 0,
  refusal: '',
  unsent: 0,
  unanswered: 0,
  events: 0,
  bytes: 1,
  busySeconds: 1,
  stolenSeconds: 0,
  ownSeconds: 1,
  cpuSeconds: {},
  latency: [[1000, 1000]],
  firstEvent: [],
};

/** A gateway that ends before it answers. */
const dead: Gateway = {
  name: 'dead',
  setting: '',
  install: () => '1.0',
  configure: ({ folder: place }) => {
    const target = { path: '/', model: 'm', headers: {} };
    const words = ['-e', 'process.exit(3)'];
    const program = { command: process.execPath, words, environment: {}, folder: place, log: join(place, 'out.log') };
    return { program, chat: target, embeddings: target };
  },
};

test('a gateway that fails while its memory is watched costs no other its figures', { skip: whyNot }, async () => {
  mkdirSync(folder.path);
  const load = join(folder.path, 'load');
  writeFileSync(load, `#!/bin/sh\necho '${JSON.stringify(report)}'\n`);
  chmodSync(load, 0o755);
  const upstream = spawn(process.execPath, ['-e', '']);
  const { entries, direct } = await measureAll([dead], {
    bench: { instruments: { load, upstream: '' }, upstream, folder: folder.path, core: 0, toolsCore: 0 },
    upstreamPort: 1,
    peers: folder.path,
    plan: { asks: [plain], pace: { warmSeconds: 0, seconds: 1 }, rehearsalSeconds: 0, settlingMs: 100 },
    rounds: 1,
    soaked: ['dead'],
    soakRequests: 10,
    scaled: ['dead'],
    scaleSeconds: 1,
    say: () => undefined,
  });
  assert.equal(direct['chat-1k.perSecond'], 1000);
  assert.deepEqual(entries[0]?.rounds[0]?.faults, [
    'it ended with 3 before it answered',
    'one worker and two: it has no workers',
    '10 requests: it ended with 3 before it answered',
  ]);
});
