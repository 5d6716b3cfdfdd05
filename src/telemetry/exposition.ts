// Metrics as Prometheus reads them: the text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
import type { Family, HistogramFamily, Observed, Snapshot } from './family.ts';

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/** Takes metrics; returns the page of a scrape. A family without samples is left out. */
export function exposition(snapshot: Snapshot): string {
  return snapshot.map(familyText).join('');
}

function familyText(family: Family): string {
  const lines =
    family.type === 'histogram'
      ? Object.entries(family.samples).flatMap(([labels, observed]) => histogramLines(family, labels, observed))
      : Object.entries(family.samples).map(([labels, value]) => line(family.name, labels, value));
  if (lines.length === 0) return '';
  const help = family.help.replace(/[\\\n]/g, (sign) => (sign === '\n' ? '\\n' : '\\\\'));
  return `# HELP ${family.name} ${help}\n# TYPE ${family.name} ${family.type}\n${lines.join('')}`;
}

function line(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${numberText(value)}\n` : `${name}{${labels}} ${numberText(value)}\n`;
}

/** Buckets are told added up, as Prometheus wants them. */
function histogramLines({ name, bounds }: HistogramFamily, labels: string, { counts, sum }: Observed): string[] {
  const before = labels === '' ? '' : `${labels},`;
  let total = 0;
  const lines = counts.map((count, at) => {
    total += count;
    const bound = bounds[at];
    return line(`${name}_bucket`, `${before}le="${bound === undefined ? '+Inf' : bound}"`, total);
  });
  return [...lines, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, total)];
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
