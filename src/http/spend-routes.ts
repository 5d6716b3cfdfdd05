// The reports on one screen: path → what answers it. Whoever shows a key may ask; a key is told of its own requests only
// (admin/asked-usage.ts), the master key of all.
import { aggregatedActivity, dailyActivity, globalActivity, globalActivityByModel } from '../admin/activity.ts';
import * as spend from '../admin/spend.ts';
import { spendLogContents, spendLogPage, spendLogs } from '../admin/spend-logs.ts';
import { spendReport } from '../admin/spend-report.ts';
import { usageReport } from '../admin/usage-report.ts';
import type { JsonObject } from '../core/json.ts';

/** Paths that mean the same, and their report. All are GET. */
export const spendRoutes: readonly (readonly [paths: readonly string[], answer: spend.SpendAnswer])[] = [
  [['/usage'], usageReport],
  [['/spend/logs'], spendLogs],
  [['/spend/logs/v2', '/spend/logs/ui', '/spend/logs/session/ui'], spendLogPage],
  [['/spend/logs/ui/:request_id'], spendLogContents],
  [['/spend/keys'], spend.spendByKeys],
  [['/spend/users'], spend.spendByUsers],
  [['/spend/tags'], spend.spendByTags],
  [['/global/spend'], spend.globalSpend],
  [['/global/spend/logs'], spend.globalSpendByDay],
  [['/global/spend/keys'], spend.globalSpendByKeys],
  [['/global/spend/models'], spend.globalSpendByModels],
  [['/global/spend/provider'], spend.globalSpendByProviders],
  [['/global/spend/teams'], spend.globalSpendByTeams],
  [['/global/spend/tags'], spend.globalSpendByTags],
  [['/global/spend/all_tag_names'], spend.allTagNames],
  [['/global/spend/report'], spendReport],
  [['/global/all_end_users'], spend.allEndUsers],
  [['/global/activity'], globalActivity],
  [['/global/activity/model'], globalActivityByModel],
  [['/user/daily/activity'], dailyActivity('user')],
  [['/user/daily/activity/aggregated'], aggregatedActivity],
  [['/team/daily/activity'], dailyActivity('team')],
  [['/customer/daily/activity', '/end_user/daily/activity'], dailyActivity('customer')],
  [['/tag/daily/activity'], dailyActivity('tag')],
];

/** The one report that is asked for by a body. */
export const endUserSpend = { path: '/global/spend/end_users', answer: spend.globalSpendByEndUsers } as const;

/** What that body calls its dates, and what the other reports call them. */
const renamed: Readonly<Record<string, string>> = { startTime: 'start_date', endTime: 'end_date' };

/** Takes a body; returns what it asks as the query of a report. */
export function queryOf(body: JsonObject): URLSearchParams {
  const given = Object.entries(body).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [[renamed[name] ?? name, String(value)]] : [],
  );
  return new URLSearchParams(given);
}
