// A call as the gateway would make it, for contract tests: no port, a fixed clock, ids that count up.
import type { JsonObject } from '../../src/core/json.ts';
import { Secret } from '../../src/kit/secret.ts';
import type { Call } from '../../src/providers/provider.ts';

/** Takes the model at the provider and what differs from the usual; returns a call. */
export function callFor(model: string, differing: Partial<Call> = {}): Call {
  let made = 0;
  return {
    upstream: {
      model,
      baseUrl: 'http://upstream.test',
      credential: { api_key: new Secret('sk-test') },
      parameters: {},
      info: {},
    },
    stream: false,
    dropParameters: false,
    dropped: [],
    clientHeaders: {},
    query: '',
    now: 1_700_000_000_999,
    newId: (prefix) => `${prefix}${++made}`,
    ...differing,
  };
}

/** Takes what a wire gives; returns it as it would arrive over the wire. */
export function overTheWire(body: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(body)) as JsonObject;
}
