// Recorded exchanges of providers, from the folder that PLUMBLINE_TEST_DATA names (none is in the repository). Without the
// folder their tests are skipped with a reason, or fail when PLUMBLINE_TEST_STRICT is 1.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import type { JsonObject } from '../../src/core/json.ts';

const folder = process.env['PLUMBLINE_TEST_DATA'];
const strict = process.env['PLUMBLINE_TEST_STRICT'] === '1';

/** Takes a test's name and body; runs it when the recordings are there. */
export function recordedTest(name: string, run: () => void): void {
  const reason = 'PLUMBLINE_TEST_DATA names no folder of recordings';
  test(name, { skip: folder === undefined && !strict ? reason : false }, run);
}

/** Takes a path below `fixtures/`; returns the file's bytes. */
export function recorded(path: string): Buffer {
  if (folder === undefined) throw new Error('PLUMBLINE_TEST_DATA is not set');
  return readFileSync(join(folder, 'fixtures', path));
}

/** One exchange of a VCR cassette. */
export interface Exchange {
  readonly asked: JsonObject;
  readonly url: string;
  readonly status: number;
  readonly answer: Buffer;
}

interface Cassette {
  readonly interactions: readonly {
    readonly request: { readonly body: string; readonly uri: string };
    readonly response: { readonly body: { readonly string: string }; readonly status: { readonly code: number } };
  }[];
}

/** Takes the path of a VCR cassette below `fixtures/`; returns its first exchange. */
export function cassette(path: string): Exchange {
  const [exchange] = exchangesIn(path);
  if (exchange === undefined) throw new Error(`${path} holds no exchange`);
  return exchange;
}

/** Takes the path of a VCR cassette below `fixtures/`; returns its exchanges, in their order. */
export function exchangesIn(path: string): readonly Exchange[] {
  return (parse(recorded(path).toString()) as Cassette).interactions.map(({ request, response }) => ({
    asked: JSON.parse(request.body) as JsonObject,
    url: request.uri,
    status: response.status.code,
    answer: uncompressed(Buffer.from(response.body.string)),
  }));
}

/** Takes recorded bytes; returns them as they were before they were packed, if they were. */
export function uncompressed(bytes: Buffer): Buffer {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
}
