// What an adoption brought, or would bring, for people.
import type { Outcome } from '../adopt/carry-out.ts';
import type { HistoryCounts } from '../adopt/history.ts';
import { type Finding, type Kind, kinds } from '../adopt/item.ts';
import type { Survey } from '../adopt/survey.ts';
import { columns } from '../kit/table.ts';

/** All that is told of one run. */
export interface Adoption {
  readonly isCarriedOut: boolean;
  /** LiteLLM's database, fit to print. */
  readonly from: string;
  readonly schema: string;
  /** Ours. */
  readonly into: string;
  readonly survey: Survey;
  readonly outcome: Outcome;
  readonly history: HistoryCounts | null;
  /** Days of history that were asked for. */
  readonly historyDays: number | null;
}

const plural: Readonly<Record<Kind, string>> = {
  credential: 'credentials',
  model: 'models',
  alias: 'aliases',
  setting: 'settings',
  key: 'keys',
};

/** Takes a run; returns it for people, a table first and what needs an eye below. */
export function adoptionText(adoption: Adoption): string {
  const { isCarriedOut, from, schema, into, survey, outcome, history, historyDays } = adoption;
  const rows = kinds.map((kind) => {
    const { found, brought, unchanged, merged, refused, disabled } = outcome.counts[kind];
    return [plural[kind], ...[found, brought, unchanged, merged, refused, disabled].map(String)];
  });
  const heading = ['', 'FOUND', isCarriedOut ? 'BROUGHT' : 'TO BRING', 'UNCHANGED', 'MERGED', 'REFUSED', 'DISABLED'];
  const { opened, peeled, layers, unopened, byKey } = survey.seals;
  const by = Object.entries(byKey).map(([name, count]) => `${count} by ${name}`);
  return [
    `from ${from}, schema ${schema}, where nothing is written`,
    `into ${into}`,
    '',
    columns(heading, rows, 1),
    '',
    `sealed values: ${[`${opened} opened`, ...by, `${peeled} sealed more than once (${layers} layers too many)`, `${unopened} not opened`].join(', ')}`,
    `spend so far: ${outcome.balances} keys`,
    ...(history === null ? [] : [`usage rows: ${history.found} found, ${history.brought} brought`]),
    ...(history === null && historyDays !== null ? [`usage rows: those of ${historyDays} days would be brought`] : []),
    `read and counted only: ${countedText(survey)}`,
    ...survey.missing.map((table) => `there is no table ${table} to read`),
    ...outcome.changes.map((change) => `+ ${change}`),
    ...outcome.findings.map(findingLine),
    ...(isCarriedOut ? [] : ['nothing was changed; --yes carries it out']),
  ]
    .map(printable)
    .join('\n');
}

/** What LiteLLM's rows hold is not to move anybody's cursor. */
function printable(lines: string): string {
  return lines.replace(/[^\P{Cc}\n]/gu, '?');
}

/** Takes a run; returns it for programs. */
export function adoptionJson({ survey, outcome, ...rest }: Adoption): string {
  const { seals, counted, missing } = survey;
  return JSON.stringify({ ...rest, ...outcome, seals, counted, missing }, null, 2);
}

function countedText({ counted }: Survey): string {
  return Object.entries(counted)
    .map(([name, count]) => `${name} ${count ?? 'no table to read'}`)
    .join(', ');
}

function findingLine({ table, row, field, says, mend }: Finding): string {
  const at = [table, `"${row}"`, field].filter((part) => part !== '').join(' ');
  return `! ${at}: ${says}${mend === '' ? '' : `; ${mend}`}`;
}
