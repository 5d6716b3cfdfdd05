// What model servers tell of their models (how long a context is, what they can do): asked when somebody looks, never on the way of a
// request, and remembered with its age. Invariant: a server that is away is told as away; nothing is made up for it.
import { isObject, type JsonObject } from '../core/json.ts';
import type { OutgoingRequest } from '../kit/upstream.ts';
import type { Call, ModelAsked } from '../providers/provider.ts';
import type { BackendAnswer, ReadyModel, SendToModel } from './model-parts.ts';

interface Asked {
  readonly at: number;
  /** null: away. */
  readonly answer: JsonObject | null;
}

const patienceMs = 2_000;
const mostRemembered = 5_000;
const answerLimit = 8 * 1024 * 1024;
const keptMs = { answered: 10 * 60_000, away: 15_000 } as const;

const unasked: BackendAnswer = { state: 'unasked', info: {}, askedAt: null };

export class BackendFacts {
  readonly #send: SendToModel;
  readonly #now: () => number;
  /** By question. */
  readonly #asked = new Map<string, Promise<Asked>>();

  constructor(send: SendToModel, now: () => number) {
    this.#send = send;
    this.#now = now;
  }

  /** Takes a deployment that is ready; returns what its server tells of it, within two seconds, from memory where it was asked before. */
  async about(model: ReadyModel): Promise<BackendAnswer> {
    const { describe } = model.provider;
    const name = model.upstream.model;
    if (describe === undefined || name.includes('*') || model.record.parameters.mockResponse !== undefined)
      return unasked;
    const { at, answer } = await this.#answerTo(describe.ask(name), model);
    if (answer === null) return { state: 'away', info: {}, askedAt: at };
    const info = describe.read(answer, name) ?? {};
    return { state: Object.keys(info).length === 0 ? 'untold' : 'told', info, askedAt: at };
  }

  async #answerTo(question: ModelAsked, model: ReadyModel): Promise<Asked> {
    const key = JSON.stringify([model.origin, model.basePath, model.record.credential, question]);
    const before = await this.#asked.get(key);
    if (before !== undefined && this.#now() - before.at < (before.answer === null ? keptMs.away : keptMs.answered))
      return before;
    this.#forgetOld();
    const asking = this.#ask(question, model);
    this.#asked.set(key, asking);
    return asking;
  }

  async #ask({ path, body, isOfServer }: ModelAsked, model: ReadyModel): Promise<Asked> {
    const at = this.#now();
    const base = isOfServer === true ? model.basePath.replace(/\/v1$/, '') : model.basePath;
    const json = { 'content-type': 'application/json' };
    try {
      const answer = await this.#send(
        {
          method: body === undefined ? 'GET' : 'POST',
          origin: model.origin,
          path: base + path,
          headers: { ...this.#headersFor(model), ...(body === undefined ? {} : json) },
          body: body === undefined ? null : [Buffer.from(JSON.stringify(body))],
          signal: AbortSignal.timeout(patienceMs),
        },
        model,
      );
      const text = (await answer.body.readAll(answerLimit)).toString('utf8');
      if (answer.status >= 500) return { at, answer: null };
      const parsed: unknown = answer.status === 200 ? JSON.parse(text) : {};
      return { at, answer: isObject(parsed) ? parsed : {} };
    } catch {
      // Why a server does not tell makes no difference to who looks: it is shown as away, and asked again soon.
      return { at, answer: null };
    }
  }

  #headersFor({ provider, upstream, headers }: ReadyModel): OutgoingRequest['headers'] {
    const [wire] = Object.values(provider.wires);
    const call: Call = {
      upstream,
      stream: false,
      dropParameters: true,
      dropped: [],
      clientHeaders: {},
      query: '',
      now: this.#now(),
      newId: (prefix) => prefix,
    };
    return { ...wire?.headers(call), ...headers };
  }

  #forgetOld(): void {
    if (this.#asked.size > mostRemembered) this.#asked.clear();
  }
}
