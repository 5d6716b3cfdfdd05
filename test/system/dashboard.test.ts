// The dashboard in docs/grafana against what /metrics really emits: every metric and label it asks for is there.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { completion, openHouse, question } from './house.ts';
import { checkRules, testRules, whyNoPromtool } from './promtool.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const file = new URL('../../docs/grafana/plumbline.json', import.meta.url);
const dashboard: Dashboard = JSON.parse(await readFile(file, 'utf8'));
const variables = dashboard.templating.list;
const expressions = [
  ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...variables.flatMap(({ definition }) => definition ?? []),
];

/** Labels that Prometheus itself adds. */
const added = ['job', 'instance', 'le'];

/** Every metric that is emitted, and its labels; histograms by the names of their series. */
async function emitted(): Promise<Map<string, ReadonlySet<string>>> {
  const house = openHouse({
    deployments: [{ alias: 'chat' }],
    upstream: () => ({ body: completion('fine') }),
  });
  await house.ask('/v1/chat/completions', question);
  house.site.metrics.failed('d1', 'upstream_busy', true);
  const labels = new Map<string, Set<string>>();
  for (const { name, type, samples } of house.site.metrics.snapshot()) {
    const names = new Set(
      Object.keys(samples).flatMap((text) => [...text.matchAll(/(\w+)="/g)].map((found) => found[1] ?? '')),
    );
    for (const end of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) labels.set(name + end, names);
  }
  return labels;
}

test('every metric and every label the dashboard asks for is emitted', async () => {
  const labels = await emitted();
  // In the house of the test no calls are under way, so this one has no series there.
  labels.set('plumbline_upstream_calls_waiting', new Set(['origin']));
  const missing: string[] = [];
  for (const expression of expressions) {
    const names = [...expression.matchAll(/\b(plumbline|litellm)_\w+/g)].map(([name]) => name);
    assert.notEqual(names.length, 0, expression);
    missing.push(...names.filter((name) => !labels.has(name)));
    const known = new Set([...added, ...names.flatMap((name) => [...(labels.get(name) ?? [])])]);
    const asked = [
      ...[...expression.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map((found) => found[1] ?? ''),
      ...[...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap((found) => (found[1] ?? '').split(/\s*,\s*/)),
    ];
    missing.push(...asked.filter((label) => !known.has(label)).map((label) => `${label} of ${expression}`));
  }
  assert.deepEqual(missing, []);
});

test('Prometheus can read every expression of the dashboard', { skip: whyNoPromtool() }, async () => {
  const plain = expressions
    .filter((expression) => !expression.startsWith('label_values'))
    .map((expression) => expression.replaceAll('$__rate_interval', '5m').replace(/\$\w+/g, '.*'));
  const rules = plain.map((expr, at) => ({ record: `plumbline:panel_${at}`, expr }));
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-rules-'));
  try {
    const path = join(folder, 'rules.json');
    await writeFile(path, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    assert.match(await checkRules(path), new RegExp(`SUCCESS: ${rules.length} rules found`));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('where nothing has failed the share of failures is nothing, not unknown', { skip: whyNoPromtool() }, async () => {
  const failed = dashboard.panels.find(({ title }) => title === 'Failed')?.targets?.[0]?.expr ?? '';
  const expr = failed.replaceAll('$__rate_interval', '5m').replace(/\$\w+/g, '.*');
  const series = 'plumbline_requests_total{alias="chat",job="plumbline",outcome="success"}';
  const expected = { expr, eval_time: '10m', exp_samples: [{ labels: '{}', value: 0 }] };
  const input_series = [{ series, values: '0+60x10' }];
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-rules-'));
  try {
    const path = join(folder, 'tests.json');
    await writeFile(path, JSON.stringify({ tests: [{ interval: '1m', input_series, promql_expr_test: [expected] }] }));
    assert.match(await testRules(path), /SUCCESS/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('every variable the dashboard uses is declared', () => {
  const declared = new Set(variables.map(({ name }) => name));
  const used = [...JSON.stringify(dashboard).matchAll(/\$\{?(\w+)\}?/g)].map((found) => found[1] ?? '');
  assert.deepEqual(
    used.filter((name) => !name.startsWith('__') && !declared.has(name)),
    [],
  );
});

test('panels have ids of their own and do not lie on each other', () => {
  const { panels } = dashboard;
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Map<string, string>();
  for (const { title, gridPos } of panels) {
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.equal(taken.get(`${x} ${y}`), undefined, title);
        taken.set(`${x} ${y}`, title);
      }
    }
  }
});
