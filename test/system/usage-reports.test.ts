// What is told of usage, and to whom: sums that add up, a key that sees itself only, prices that are not known.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { masterKey, openHouse } from './house.ts';
import { ann, bob, days, hashes, openReportedHouse, type ReportedHouse } from './reported-house.ts';

let reported: ReportedHouse;
before(async () => {
  reported = await openReportedHouse();
});

interface Report {
  readonly since: string;
  readonly until: string;
  readonly groups: readonly Record<string, string | number | null>[];
  readonly total: Record<string, number | null>;
  readonly more_groups: number;
}

async function usage(query: string, key = masterKey): Promise<Report> {
  const { status, text, json } = await reported.get(`/usage${query}`, key);
  assert.equal(status, 200, text);
  return json as Report;
}

async function refusal(path: string, key: string | null = masterKey): Promise<unknown[]> {
  const { status, json } = await reported.get(path, key);
  const { error } = json as { error: { reason: string; param: string | null; code: string } };
  assert.equal(error.code, String(status));
  return [status, error.reason, error.param];
}

const nano = (dollars: unknown): number => Math.round(Number(dollars ?? 0) * 1e9);

test('sums by any dimension add up to the total, to the last digit', async () => {
  const { total } = await usage('');
  assert.deepEqual([total.requests, total.failures, total.unpriced_requests, total.cost], [9, 2, 1, 0.001821]);
  for (const by of [
    'alias',
    'model',
    'provider',
    'deployment',
    'key',
    'user',
    'team',
    'customer',
    'day',
    'day,key,model',
  ]) {
    const report = await usage(`?by=${by}`);
    assert.deepEqual(report.total, total, by);
    for (const field of ['requests', 'successes', 'failures', 'input_tokens', 'output_tokens', 'unpriced_requests']) {
      const sum = report.groups.reduce((so, group) => so + Number(group[field]), 0);
      assert.equal(sum, total[field], `${field} by ${by}`);
    }
    const cost = report.groups.reduce((so, group) => so + nano(group.cost), 0);
    assert.equal(cost, nano(total.cost), by);
  }
});

test('a request with two tags counts in both groups, one without tags in none, and each once in the total', async () => {
  const { groups, total } = await usage('?by=tag');
  const counted = Object.fromEntries(groups.map(({ tag, requests }) => [String(tag), requests]));
  assert.deepEqual(counted, { nightly: 2, eval: 1 });
  assert.equal(total.requests, 9);
});

test('an unknown price is null and counted, a price of nothing is 0', async () => {
  const { groups } = await usage('?by=alias');
  const costs = Object.fromEntries(
    groups.map(({ alias, cost, unpriced_requests: unpriced }) => [alias, [cost, unpriced]]),
  );
  assert.deepEqual(
    [costs.odd, costs.free, costs.broken],
    [
      [null, 1],
      [0, 0],
      [0, 0],
    ],
  );
});

test('groups stand by day, the newest first, then by cost; a limit says how many it left out', async () => {
  const { groups, total, more_groups: more } = await usage('?by=day,alias&limit=3');
  assert.deepEqual(
    groups.map(({ day, alias }) => [day, alias]),
    [
      [days[1], 'deep'],
      [days[1], 'fast'],
      [days[1], 'free'],
    ],
  );
  assert.equal(more, 5);
  assert.equal(total.requests, 9);
});

test('a range is whole days unless it says hours, and both its ends count', async () => {
  for (const [query, requests, since, until] of [
    ['?since=today', 3, `${days[1]}T00:00:00.000Z`, '2027-01-17T00:00:00.000Z'],
    ['?since=yesterday&until=yesterday', 6, `${days[0]}T00:00:00.000Z`, `${days[1]}T00:00:00.000Z`],
    ['?since=2d&until=1d', 6, `${days[0]}T00:00:00.000Z`, `${days[1]}T00:00:00.000Z`],
    ['?since=1w', 9, '2027-01-10T00:00:00.000Z', '2027-01-17T00:00:00.000Z'],
    ['?since=2027-01-15&until=2027-01-15', 6, `${days[0]}T00:00:00.000Z`, `${days[1]}T00:00:00.000Z`],
    ['?since=24h', 9, `${days[0]}T08:00:00.000Z`, '2027-01-17T00:00:00.000Z'],
    ['?since=23h', 3, `${days[0]}T09:00:00.000Z`, '2027-01-17T00:00:00.000Z'],
    ['?since=2027-01-15T08:00:01Z', 3, `${days[0]}T08:00:01.000Z`, '2027-01-17T00:00:00.000Z'],
    ['?until=2027-01-14', 0, '2026-12-18T00:00:00.000Z', '2027-01-15T00:00:00.000Z'],
  ] as const) {
    const report = await usage(query);
    assert.deepEqual([report.total.requests, report.since, report.until], [requests, since, until], query);
  }
});

test('filters narrow groups and total alike, and keys are named by alias, hash or secret', async () => {
  for (const [query, requests] of [
    ['?alias=fast', 3],
    ['?alias=fast,deep', 5],
    ['?model=little&user=ann', 1],
    ['?provider=groq', 2],
    ['?tag=eval', 1],
    ['?customer=dave', 1],
    ['?team=red', 4],
    ['?key=ann', 4],
    [`?key=${bob}`, 4],
    [`?key=ann,${hashes.bob}`, 8],
    ['?alias=nothing', 0],
  ] as const) {
    assert.equal((await usage(query)).total.requests, requests, query);
  }
});

test('keys are shown by their alias, else by what is left visible, also when they are deleted', async () => {
  const { groups } = await usage('?by=key');
  assert.deepEqual(
    groups.map(({ key, key_name: name }) => [key, name]),
    [
      [hashes.ann, 'ann'],
      [hashes.bob, 'sk-...ests'],
      [hashes.master, 'master key'],
    ],
  );
  const other = await openReportedHouse();
  await other.house.ask('/key/delete', { keys: [bob] });
  const after = (await other.get('/usage?by=key')).json as Report;
  assert.equal(after.groups[1]?.key_name, `deleted ${hashes.bob.slice(0, 8)}`);
  assert.equal(after.total.requests, 9);
});

test('every report tells a key of its own requests only, and refuses to tell it of others', async () => {
  const range = 'start_date=2027-01-15&end_date=2027-01-16';
  const reports = reported.house.site.routes.filter(
    ({ method, paths: [path = ''] }) => method === 'GET' && /^\/(usage|spend|global|\w+\/daily)/.test(path),
  );
  assert.equal(reports.length, 24);
  const others = [hashes.ann, hashes.master, 'carol', 'deep', 'big', 'groq', 'nightly', 'red', '"ann"', 'unheard-of'];
  for (const { paths } of reports) {
    const path = `${paths[0]}?${range}`;
    const told = await reported.get(path, bob);
    assert.equal(told.status, 200, told.text);
    const leaked = others.filter((word) => told.text.includes(word));
    assert.deepEqual(leaked, [], path);
    for (const key of [ann, hashes.ann, 'ann', 'no-such-key', hashes.master, masterKey]) {
      assert.deepEqual(await refusal(`${path}&api_key=${key}`, bob), [403, 'info_forbidden', null], `${path} ${key}`);
    }
    assert.equal((await reported.get(`${path}&api_key=${bob}`, bob)).status, 200);
    assert.equal((await refusal(path, null))[1], 'key_missing', path);
    assert.equal((await refusal(path, 'sk-nobody-knows'))[1], 'key_invalid', path);
  }
  assert.equal((await usage('', bob)).total.requests, 4);
  assert.equal((await usage('?user=ann', bob)).total.requests, 0);
});

test('what cannot be asked is refused by the name of the field', async () => {
  for (const [path, ...expected] of [
    ['/usage?by=colour', 400, 'field_invalid', 'by'],
    ['/usage?by=day,day', 400, 'field_invalid', 'by'],
    ['/usage?by=day,key,user,alias', 400, 'field_invalid', 'by'],
    ['/usage?since=lately', 400, 'field_invalid', 'since'],
    ['/usage?since=2027-02-30', 400, 'field_invalid', 'since'],
    ['/usage?since=7d&until=30d', 400, 'field_invalid', 'until'],
    ['/usage?limit=0', 400, 'field_invalid', 'limit'],
    ['/usage?key=no-such-alias', 404, 'key_not_found', 'key'],
    ['/global/activity', 400, 'field_missing', 'start_date'],
    ['/global/activity?start_date=2027-01-15', 400, 'field_missing', 'end_date'],
    ['/global/activity?start_date=15.1.2027&end_date=2027-01-16', 400, 'field_invalid', 'start_date'],
    ['/global/activity?start_date=2027-01-16&end_date=2027-01-15', 400, 'field_invalid', 'end_date'],
    ['/global/spend/report?start_date=2027-01-15&end_date=2027-01-16&group_by=moon', 400, 'field_invalid', 'group_by'],
    ['/spend/logs/v2', 400, 'field_missing', 'start_date'],
    ['/spend/logs/v2?start_date=2027-01-15&end_date=2027-01-16&sort_by=colour', 400, 'field_invalid', 'sort_by'],
    ['/spend/logs/v2?start_date=2027-01-15&end_date=2027-01-16&min_spend=much', 400, 'field_invalid', 'min_spend'],
    [
      '/team/daily/activity?start_date=2027-01-15&end_date=2027-01-16&exclude_team_ids=x',
      400,
      'field_unsupported',
      'exclude_team_ids',
    ],
  ]) {
    assert.deepEqual(await refusal(String(path)), expected, String(path));
  }
});

interface Logs {
  readonly data: { readonly spend: number; readonly model_group: string; readonly status: string }[];
  readonly total: number;
  readonly total_pages: number;
}

test('spend logs are paged, sorted and filtered', async () => {
  const at = 'start_date=2027-01-15%2000:00:00&end_date=2027-01-16%2023:59:59';
  const logs = async (query: string) => (await reported.get(`/spend/logs/v2?${at}${query}`)).json as Logs;
  const seen: string[] = [];
  for (const page of [1, 2, 3]) {
    const { data, total, total_pages: pages } = await logs(`&page_size=4&page=${page}&sort_by=spend`);
    assert.deepEqual([total, pages], [9, 3]);
    seen.push(...data.map(({ model_group: group }) => group));
  }
  assert.deepEqual(seen.slice(0, 3).sort(), ['deep', 'deep', 'fast']);
  assert.equal(seen.length, 9);
  for (const [query, total] of [
    ['&status_filter=failure', 2],
    ['&status_filter=success', 7],
    ['&min_spend=0.0001', 2],
    ['&max_spend=0.0001', 4],
    ['&session_id=s-1', 1],
    ['&end_user=carol', 1],
    [`&api_key=${bob}`, 4],
    ['&user_id=ann&model=big', 2],
  ] as const) {
    assert.equal((await logs(query)).total, total, query);
  }
});

test('a session is found without dates, and end users by a body', async () => {
  const session = (await reported.get('/spend/logs/session/ui?session_id=s-1')).json as Logs;
  assert.deepEqual([session.total, session.data[0]?.model_group], [1, 'fast']);
  const asked = { startTime: '2027-01-15T00:00:00.000Z', endTime: '2027-01-16T00:00:00.000Z', api_key: null };
  const { status, json } = await reported.house.ask('/global/spend/end_users', asked);
  assert.deepEqual(
    [status, json],
    [
      200,
      [
        { end_user: 'carol', total_count: 1, total_spend: 0.000007 },
        { end_user: 'dave', total_count: 1, total_spend: 0.000007 },
      ],
    ],
  );
  const own = await reported.house.ask('/global/spend/end_users', {}, { key: bob });
  assert.deepEqual(own.json, [{ end_user: 'dave', total_count: 1, total_spend: 0.000007 }]);
});

test('a single request is found by its id, and by nobody else than its key and the master key', async () => {
  const id = reported.house.rows[0]?.requestId;
  const find = async (key: string) => (await reported.get(`/spend/logs?request_id=${id}`, key)).json as object[];
  assert.equal((await find(masterKey)).length, 1);
  assert.equal((await find(ann)).length, 1);
  assert.equal((await find(bob)).length, 0);
});

test('daily activity comes page by page, and its totals are those of the page', async () => {
  const page = async (number: number) =>
    (await reported.get(`/user/daily/activity?start_date=2027-01-01&end_date=2027-01-31&page_size=1&page=${number}`))
      .json as { results: { date: string }[]; metadata: Record<string, unknown> };
  const [first, second, third] = [await page(1), await page(2), await page(3)];
  assert.deepEqual(
    [first, second, third].map(({ results }) => results.map(({ date }) => date)),
    [[days[1]], [days[0]], []],
  );
  assert.deepEqual(
    [first, second, third].map(({ metadata }) => [
      metadata.total_api_requests,
      metadata.has_more,
      metadata.total_pages,
    ]),
    [
      [3, true, 2],
      [6, false, 2],
      [0, false, 2],
    ],
  );
});

test('what a key has spent stands in its info and in the list of keys', async () => {
  const { json } = await reported.get(`/key/info?key=${ann}`);
  const { info } = json as { info: Record<string, unknown> };
  assert.deepEqual([info.spend, info.unpriced_requests], [0.001807, 1]);
  const listed = (await reported.get('/key/list?return_full_object=true')).json as { keys: Record<string, unknown>[] };
  const spends = Object.fromEntries(listed.keys.map(({ token, spend }) => [token, spend]));
  assert.deepEqual(spends, { [hashes.ann]: 0.001807, [hashes.bob]: 0.000007 });
});

test('a report that the database is at for too long is refused and says how to ask for less', async () => {
  const canceled = Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' });
  const house = openHouse({ database: { ...reported.database, transaction: () => Promise.reject(canceled) } });
  const { status, json } = await house.ask('/usage');
  const { error } = json as { error: { reason: string; message: string } };
  assert.deepEqual([status, error.reason], [400, 'report_too_large']);
  assert.match(error.message, /fewer days/);
});

test('sums outlive their rows, and a report that needs rows says since when there are any', async () => {
  const { database, get } = await openReportedHouse();
  const ask = async (query: string) =>
    (await get(`/usage${query}`)).json as Report & { rows_kept_since: string | null };
  assert.equal((await ask('?by=deployment')).rows_kept_since, null);
  await database.query(`delete from plumbline.usage where started_at < '2027-01-16'`);
  const byAlias = await ask('?by=alias');
  assert.deepEqual([byAlias.total.requests, byAlias.rows_kept_since], [9, null]);
  const byDeployment = await ask('?by=deployment');
  assert.deepEqual([byDeployment.total.requests, byDeployment.rows_kept_since], [3, '2027-01-16T00:00:00.000Z']);
  assert.equal((await ask('?by=deployment&since=today')).rows_kept_since, null);
});

test('what no row can hold, and names that only JavaScript knows, are refused by name, never a failure of ours', async () => {
  const days = 'start_date=2026-11-23&end_date=2026-11-23';
  for (const [path, field] of [
    ['/spend/logs?user=%00', 'user'],
    ['/spend/logs?api_key=%00', 'api_key'],
    ['/usage?tag=a%00', 'tag'],
    ['/key/info?key=%00', 'key'],
    ['/key/list?key_alias=%00', 'key_alias'],
    ['/spend/logs/v2?start_date=0000-01-01&end_date=9999-12-31', null],
    [`/spend/logs/v2?${days}&sort_by=constructor`, 'sort_by'],
    [`/spend/logs/v2?${days}&status_filter=toString`, 'status_filter'],
  ] as const) {
    assert.deepEqual(await refusal(path), [400, 'field_invalid', field], path);
  }
});

test('the last day that can be written is a day like any other', async () => {
  assert.equal((await usage('?until=9999-12-31')).total.requests, 9);
  assert.equal((await usage('?until=9999-12-31 23:59:59&by=deployment')).total.requests, 9);
  const { status } = await reported.get('/spend/logs/v2?start_date=2027-01-01&end_date=9999-12-31');
  assert.equal(status, 200);
});
