// A usage row as one line of JSON: what the journal keeps on disk and the database reads. Encoded once a request, on the hot
// path, so it is short: what is absent, nothing or the usual is left out, and write-usage.ts puts it back.
import type { UsageRow } from '../core/records.ts';

/** What JSON writes as an escape and PostgreSQL's text cannot hold: zero characters and halves of pairs. */
const suspicious = '\\u';

/** Takes a row; returns its line, without the line's end. What no database holds becomes U+FFFD. */
export function usageLine(row: UsageRow): string {
  const sent = fields(row);
  const line = JSON.stringify(sent);
  return line.includes(suspicious) ? JSON.stringify(sent, storable) : line;
}

/** Always the same fields in the same order, which costs V8 least; JSON leaves out those that are undefined. */
function fields(row: UsageRow): object {
  const { usage } = row;
  return {
    requestId: row.requestId,
    startedAt: row.startedAt,
    endedAt: Math.round(row.endedAt),
    operation: row.operation,
    route: row.route,
    dialect: row.dialect,
    stream: row.stream || undefined,
    outcome: row.outcome,
    status: row.status,
    errorCode: row.errorCode ?? undefined,
    keyId: row.keyId ?? undefined,
    keyHash: row.keyHash ?? undefined,
    userId: row.userId ?? undefined,
    teamId: row.teamId ?? undefined,
    endUser: row.endUser ?? undefined,
    alias: row.alias ?? undefined,
    deploymentId: row.deploymentId ?? undefined,
    provider: row.provider ?? undefined,
    model: row.model ?? undefined,
    usagePartial: row.usagePartial || undefined,
    cost: row.cost ?? undefined,
    attempts: row.attempts,
    fallbacks: row.fallbacks || undefined,
    queueMs: thousandths(row.queueMs),
    firstMs: row.firstMs === null ? undefined : thousandths(row.firstMs),
    totalMs: thousandths(row.totalMs),
    overheadMs: thousandths(row.overheadMs),
    tags: row.tags.length === 0 ? undefined : row.tags,
    session: row.session ?? undefined,
    callerAddress: row.callerAddress ?? undefined,
    droppedParameters: row.droppedParameters.length === 0 ? undefined : row.droppedParameters,
    input: usage === null ? undefined : Math.round(usage.input),
    output: usage === null ? undefined : counted(usage.output),
    cacheRead: usage === null ? undefined : counted(usage.cacheRead),
    cacheWrite: usage === null ? undefined : counted(usage.cacheWrite),
    cacheWriteHour: usage === null ? undefined : counted(usage.cacheWriteHour),
    reasoning: usage === null ? undefined : counted(usage.reasoning),
    audioInput: usage === null ? undefined : counted(usage.audioInput),
    audioOutput: usage === null ? undefined : counted(usage.audioOutput),
    searchUnits: usage === null ? undefined : counted(usage.searchUnits),
  };
}

/** Microseconds are as fine as these times are measured. */
function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function counted(tokens: number): number | undefined {
  return Math.round(tokens) || undefined;
}

function storable(_name: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value;
}
