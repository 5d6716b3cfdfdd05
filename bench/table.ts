// Writes a run as Markdown: the table, the circumstances, the verdicts.
// Invariant: every gateway of the run is a column, and an empty cell says why in the lines below the table.
import type { Figures } from './median.ts';
import { latency, throughput } from './requests.ts';
import type { Entry, Results } from './results.ts';
import { type Board, judge, notLed } from './targets.ts';

interface Line {
  readonly title: string;
  readonly figure: string;
  readonly digits: number;
}

const lines: readonly Line[] = [
  ...throughput.flatMap(({ name, title, pace }) => [
    { title: `${title}: answers a second`, figure: `${name}.perSecond`, digits: 0 },
    { title: `${title}: µs of CPU an answer`, figure: `${name}.cpuMicros`, digits: 1 },
    ...(pace === null
      ? []
      : [
          { title: `${title}: chunks a second`, figure: `${name}.chunksPerSecond`, digits: 0 },
          { title: `${title}: µs of CPU a chunk`, figure: `${name}.chunkMicros`, digits: 2 },
        ]),
  ]),
  ...latency.flatMap(({ name, title }) => [
    { title: `${title}: added p50, µs`, figure: `${name}.addedP50`, digits: 0 },
    { title: `${title}: added p99, µs`, figure: `${name}.addedP99`, digits: 0 },
  ]),
  { title: '1 KB chat: µs of database CPU an answer', figure: 'chat-1k.databaseMicros', digits: 1 },
  { title: 'one worker with a quarter of a core: answers a second', figure: 'workers.rate1', digits: 0 },
  { title: 'two workers with a quarter of a core each: answers a second', figure: 'workers.rate2', digits: 0 },
  { title: 'start to first 200, ms', figure: 'start.ms', digits: 0 },
  { title: 'memory idle, MB', figure: 'idle.mb', digits: 0 },
  { title: 'memory after load, MB', figure: 'loaded.mb', digits: 0 },
  { title: 'memory of its database after load, MB', figure: 'loaded.databaseMb', digits: 0 },
  { title: 'memory around the 200,000th request, MB', figure: 'soak.earlyMb', digits: 0 },
  { title: 'memory around the 1,000,000th request, MB', figure: 'soak.lateMb', digits: 0 },
];

function cell(figures: Figures, { figure, digits }: Line): string {
  const value = figures[figure];
  if (value === undefined || (figure.endsWith('databaseMicros') && value === 0)) return '–';
  return value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Takes results; returns the medians by name, for the judge. */
export function boardOf(results: Results): Board {
  const measured = results.entries.filter(({ rounds }) => rounds.length > 0);
  return { direct: results.direct, ...Object.fromEntries(measured.map(({ name, median }) => [name, median])) };
}

/** Takes results; returns the table of figures. Rows that nobody has are left out. */
export function figuresTable(results: Results): string {
  const columns = [
    ...results.entries.map(({ name, median }) => ({ name, figures: median })),
    { name: 'no gateway', figures: results.direct },
  ];
  const known = lines.filter((line) => columns.some(({ figures }) => cell(figures, line) !== '–'));
  return [
    row(['', ...columns.map(({ name }) => name)]),
    row(['---', ...columns.map(() => '---:')]),
    ...known.map((line) => row([line.title, ...columns.map(({ figures }) => cell(figures, line))])),
  ].join('\n');
}

/** Takes results; returns each target with what was measured. */
export function verdictTable(results: Results): string {
  const board = boardOf(results);
  const verdicts = judge(board).map(({ title, wanted, measured, isReached }) =>
    row([title, wanted, measured ?? '–', measured === null ? 'not measured' : isReached ? 'reached' : '**missed**']),
  );
  const behind = notLed(board);
  const note =
    behind.length === 0 ? [] : ['', `Not ahead of every peer in: ${behind.map((name) => `\`${name}\``).join(', ')}.`];
  return [row(['target', 'wanted', 'measured', '']), row(['---', '---', '---:', '---']), ...verdicts, ...note].join(
    '\n',
  );
}

function notesOf({ name, version, missing, setting, rounds }: Entry): readonly string[] {
  if (missing !== null) return [`- **${name}**: not here: ${missing}`];
  const faults = [...new Set(rounds.flatMap((round) => round.faults))];
  return [`- **${name}** ${version}: ${setting}`, ...faults.map((fault) => `  - ${fault}`)];
}

/** Takes results; returns what the machine was and what others did on it, round by round. */
export function circumstances(results: Results): string {
  const { machine, day, rounds, seconds, core, toolsCore, entries } = results;
  const shared = entries.flatMap(({ name, rounds: each }) =>
    each.length === 0
      ? []
      : [`${name} ${each.map(({ others, stolen }) => `${others.toFixed(2)}+${stolen.toFixed(2)}`).join(', ')}`],
  );
  return [
    `Measured on ${day}: ${machine.cpu}, ${machine.cores} cores${machine.isVirtual ? ' of a virtual machine' : ''}, ` +
      `${machine.memoryGb} GiB, ${machine.system}, kernel ${machine.kernel}, Node ${machine.node}. Gateways on core ${core}, tools on ` +
      `core ${toolsCore}; medians of ${rounds} rounds, ${seconds} s each load.`,
    '',
    `Cores that others kept busy + that the hypervisor withheld, by round: ${shared.join('; ')}.`,
  ].join('\n');
}

/** Takes results; returns the whole page. */
export function page(results: Results): string {
  const notes = results.entries.flatMap(notesOf).join('\n');
  return `<!-- Written by npm run bench. Run it again rather than change it. -->

# The hop, measured

${circumstances(results)}

${figuresTable(results)}

${notes}

## Targets

${verdictTable(results)}
`;
}

/** Takes a page with `<!-- name -->` … `<!-- /name -->` in it; returns it with the text between them replaced. Throws without them. */
export function fill(text: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`the page has no place for ${name}`);
  return `${text.slice(0, from + open.length)}\n\n${content}\n\n${text.slice(to)}`;
}
