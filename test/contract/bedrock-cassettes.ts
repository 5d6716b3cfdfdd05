// Recorded exchanges of Bedrock. Some of their files were laid out anew by a tool that left quoted texts without the indent
// that YAML asks for; joined into one line they can be read.
import { parse } from 'yaml';
import type { JsonObject } from '../../src/core/json.ts';
import { type Exchange, recorded } from './cassettes.ts';

interface Cassette {
  readonly interactions: readonly {
    readonly request: { readonly body: string; readonly uri: string };
    readonly response: { readonly body: { readonly string: string }; readonly status: { readonly code: number } };
  }[];
}

/** Takes a path below the recordings of Bedrock, without its ending; returns the first exchange. */
export function bedrockCassette(path: string): Exchange {
  const text = recorded(`openllmetry/bedrock/${path}.yaml`).toString();
  const joined = text.replace(/: '(?:[^']|'')*'/g, (quoted) => quoted.replace(/\n\s*/g, ' '));
  const [exchange] = (parse(joined) as Cassette).interactions;
  if (exchange === undefined) throw new Error(`${path} holds no exchange`);
  const { request, response } = exchange;
  return {
    asked: JSON.parse(request.body) as JsonObject,
    url: request.uri,
    status: response.status.code,
    answer: Buffer.from(response.body.string),
  };
}
