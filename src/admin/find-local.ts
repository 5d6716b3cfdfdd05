// Model servers on this machine, looked for at their usual addresses when nothing is configured.
import { isObject, listOf, textOf } from '../core/json.ts';
import type { IncomingAnswer } from '../kit/incoming.ts';
import type { OutgoingRequest } from '../kit/upstream.ts';
import type { Provider } from '../providers/provider.ts';

export interface LocalServer {
  readonly provider: string;
  readonly baseUrl: string;
  readonly models: readonly string[];
}

/** A server on this machine answers within this, or is not there. */
const patienceMs = 400;
const answerLimit = 4 * 1024 * 1024;

/** Takes the providers and the way out; returns those local servers that answer, with the models they list. */
export async function findLocalServers(
  providers: readonly Provider[],
  send: (request: OutgoingRequest) => Promise<IncomingAnswer>,
): Promise<readonly LocalServer[]> {
  const found = await Promise.all(providers.map((provider) => look(provider, send)));
  return found.filter((server) => server !== null);
}

async function look(
  provider: Provider,
  send: (request: OutgoingRequest) => Promise<IncomingAnswer>,
): Promise<LocalServer | null> {
  if (provider.local === undefined) return null;
  const { baseUrl, modelsPath } = provider.local;
  const { origin, pathname } = new URL(baseUrl);
  const path = pathname.replace(/\/+$/, '') + modelsPath;
  try {
    const signal = AbortSignal.timeout(patienceMs);
    const answer = await send({ method: 'GET', origin, path, headers: {}, body: null, signal });
    const body: unknown = JSON.parse((await answer.body.readAll(answerLimit)).toString('utf8'));
    const models = answer.status === 200 ? namesIn(body) : [];
    return models.length === 0 ? null : { provider: provider.name, baseUrl, models };
  } catch {
    // Nothing listens there, or something that is no model server: not finding is the ordinary case.
    return null;
  }
}

/** OpenAI's list has `data[].id`, Ollama's `models[].name`. */
function namesIn(body: unknown): string[] {
  if (!isObject(body)) return [];
  const entries = [...listOf(body.data), ...listOf(body.models)].filter(isObject);
  return entries.flatMap((entry) => textOf(entry.id) ?? textOf(entry.name) ?? []);
}
