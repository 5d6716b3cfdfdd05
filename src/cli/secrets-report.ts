// How the stored secrets are sealed, for people.
import { columns } from '../kit/table.ts';
import type { SecretFinding, SecretSurvey } from '../store/rotate-secrets.ts';

/** Takes what was found and the ids of the keys that were given, the sealing one first; returns a table, one line a key. */
export function keyTable({ canary, values }: SecretSurvey, given: readonly string[]): string {
  const ids = [...new Set([...given, ...(canary === null ? [] : [canary]), ...Object.keys(values)])];
  const rows = ids.map((id) => [id, roleOf(id, given), id === canary ? 'yes' : '', String(values[id] ?? 0)]);
  return columns(['SALT KEY', 'GIVEN AS', 'SEALS', 'VALUES'], rows, 3);
}

function roleOf(id: string, given: readonly string[]): string {
  const index = given.indexOf(id);
  if (index < 0) return 'not given';
  return index === 0 ? 'salt key' : 'another salt key';
}

/** Takes values that are not as they should be; returns a line for each. */
export function findingLines(findings: readonly SecretFinding[]): string[] {
  return findings.map(({ table, row, field, says }) => `${table} "${row}" ${field}: ${says}`);
}
