// Heads of HTTP/1.1 messages, read strictly (RFC 9112): what two readers could take for two different things is refused, so
// that nothing can be smuggled past whoever reads before or after us. Lines end in CRLF, names are tokens, no line is folded.

/** Names in lower case; repeated ones joined as HTTP allows. */
export type Fields = Readonly<Record<string, string>>;

export interface RequestHead {
  readonly method: string;
  /** Path and query; of an absolute address, those of it. */
  readonly target: string;
  /** HTTP/1.0 or 1.1. */
  readonly minor: 0 | 1;
  readonly fields: Fields;
}

export interface AnswerHead {
  readonly status: number;
  readonly minor: 0 | 1;
  readonly fields: Fields;
}

/** A message that cannot be read as HTTP/1.1, or only in more than one way. */
export class Malformed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Malformed';
  }
}

const mostFields = 200;
/** Names are told apart by identity from here on; strangers' names are not kept for ever. */
const mostNames = 1_000;
const names = new Map<string, string>();

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const illegalLine = 'a header holds a control character, or a line does not end in CRLF';
/** No control but a tab. */
const legal = /^[\t\x20-\x7e\x80-\xff]*$/;
const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([\x21-\x7e]+) HTTP\/1\.([01])$/;
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: .*)?$/;
const absolute = /^https?:\/\/[^/?#]+/i;

/** Fields that frame a message or say whom it is for: twice is once too often (RFC 9112, 3.2 and 6.3). */
const onlyOnce: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding']);
/** Fields that are no lists: the first counts, as Node's own reader has it. */
const firstCounts: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'content-type',
  'etag',
  'expires',
  'from',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
]);

/**
 * What a connection's last head had, and what it says. The next head on it is the same or nearly so, and a line that stands
 * where it stood before is not read again.
 */
export class HeadMemory {
  /** Of a request, as a whole: what was read of it. */
  text = '';
  request: RequestHead | null = null;
  /** With the first line, of which nothing is remembered. */
  lines: readonly string[] = [];
  names: string[] = [];
  fields: Fields = {};
  /** No name stands twice: a line can be exchanged by itself. */
  isPlain = false;
}

/** Takes the text of a request's head without the empty line at its end, and what the head before it had; returns it. Throws Malformed. */
export function readRequestHead(text: string, memory = new HeadMemory()): RequestHead {
  if (memory.request !== null && text === memory.text) return memory.request;
  memory.request = null;
  const lines = text.split('\r\n');
  const line = requestLine.exec(lines[0] ?? '');
  if (line === null) throw new Malformed('the request line must be: METHOD target HTTP/1.1');
  const fields = readFields(lines, memory);
  const minor = line[3] === '1' ? 1 : 0;
  if (minor === 1 && fields.host === undefined) throw new Malformed('the header host is missing');
  const request: RequestHead = { method: line[1] ?? '', target: originForm(line[2] ?? ''), minor, fields };
  memory.text = text;
  memory.request = request;
  return request;
}

/** Takes the text of an answer's head without the empty line at its end, and what the head before it had; returns it. Throws Malformed. */
export function readAnswerHead(text: string, memory = new HeadMemory()): AnswerHead {
  const lines = text.split('\r\n');
  const line = statusLine.exec(lines[0] ?? '');
  if (line === null) throw new Malformed('the status line must be: HTTP/1.1 NNN reason');
  return { status: Number(line[2]), minor: line[1] === '1' ? 1 : 0, fields: readFields(lines, memory) };
}

/** RFC 9112, 3.2: a path, a whole address, or an asterisk. */
function originForm(target: string): string {
  if (target.startsWith('/') || target === '*') return target;
  if (!absolute.test(target)) throw new Malformed('the target must be a path or a whole address');
  const rest = target.replace(absolute, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function readFields(lines: readonly string[], memory: HeadMemory): Fields {
  if (lines.length - 1 > mostFields) throw new Malformed(`more than ${mostFields} headers`);
  const fields = exchanged(lines, memory) ?? readAll(lines, memory);
  memory.lines = lines;
  memory.fields = fields;
  return fields;
}

/** The fields of before with those lines exchanged that differ; null when more than values differ. */
function exchanged(lines: readonly string[], { lines: before, names, fields, isPlain }: HeadMemory): Fields | null {
  if (!isPlain || lines.length !== before.length) return null;
  let result: Record<string, string> | null = null;
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (line === before[index]) continue;
    const { name, value } = readLine(line);
    if (name !== names[index]) return null;
    result ??= { ...fields };
    result[name] = value;
  }
  return result ?? fields;
}

function readAll(lines: readonly string[], memory: HeadMemory): Fields {
  const fields: Record<string, string> = {};
  memory.names = [''];
  memory.isPlain = true;
  for (let index = 1; index < lines.length; index++) {
    const { name, value } = readLine(lines[index] ?? '');
    memory.names.push(name);
    memory.isPlain &&= fields[name] === undefined;
    add(fields, name, value);
  }
  return fields;
}

function readLine(line: string): { readonly name: string; readonly value: string } {
  if (!legal.test(line)) throw new Malformed(illegalLine);
  const colon = line.indexOf(':');
  if (colon === -1) throw new Malformed('a header line has no colon');
  return { name: nameOf(line.slice(0, colon)), value: trimmed(line, colon + 1, line.length) };
}

function add(fields: Record<string, string>, name: string, value: string): void {
  const before = fields[name];
  if (before === undefined) fields[name] = value;
  else if (onlyOnce.has(name)) throw new Malformed(`the header ${name} stands twice`);
  else if (!firstCounts.has(name)) fields[name] = `${before}${name === 'cookie' ? '; ' : ', '}${value}`;
}

function nameOf(sent: string): string {
  const known = names.get(sent);
  if (known !== undefined) return known;
  const name = sent.toLowerCase();
  if (!token.test(sent) || name in Object.prototype)
    throw new Malformed(`${JSON.stringify(sent.slice(0, 64))} is no header name`);
  if (names.size < mostNames) names.set(sent, name);
  return name;
}

/** Without the blanks around it. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Takes a head whose end has not come, and from where it has not been looked at. Throws Malformed when nothing that may follow makes a head of it. */
export function checkHeadSoFar(bytes: Buffer, from: number): void {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x20 || byte === tab) continue;
    const next = bytes[at + 1];
    if (byte === carriageReturn && (next === undefined || next === lineFeed)) continue;
    if (byte !== lineFeed || bytes[at - 1] !== carriageReturn) throw new Malformed(illegalLine);
  }
}
