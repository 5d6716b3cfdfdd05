// Spans on their way to a collector: OTLP over HTTP in JSON (opentelemetry.io/docs/specs/otlp), by the SDK's serializer and
// our own way out, so that proxies, certificates and secrets are treated as for every other call.
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { type Clock, sleep } from '../kit/clock.ts';
import type { IncomingAnswer } from '../kit/incoming.ts';
import type { Secret } from '../kit/secret.ts';
import { Abort } from '../kit/signal.ts';
import type { OutgoingRequest } from '../kit/upstream.ts';

export interface ExporterOptions {
  /** Where traces are taken, path included. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly send: (request: OutgoingRequest) => Promise<IncomingAnswer>;
  readonly clock: Clock;
}

/** What became of spans, for the metrics. */
export interface ExportCounts {
  exported: number;
  failed: number;
}

/** Statuses after which OTLP says to try again. */
const again = new Set([429, 502, 503, 504]);
const tries = 3;
const waitMs = 1_000;
const patienceMs = 10_000;
const answerLimit = 64 * 1024;

type ResultCallback = Parameters<SpanExporter['export']>[1];

export class OtlpSpanExporter implements SpanExporter {
  readonly counts: ExportCounts = { exported: 0, failed: 0 };
  /** Spans handed over so far, whatever became of them. */
  taken = 0;
  readonly #options: ExporterOptions;

  constructor(options: ExporterOptions) {
    this.#options = options;
  }

  /** The SDK hands over a batch and is told how it went: 0 for well, 1 for failed. */
  export(spans: ReadableSpan[], done: ResultCallback): void {
    this.taken += spans.length;
    this.#deliver(spans).then(
      () => {
        this.counts.exported += spans.length;
        done({ code: 0 });
      },
      (thrown) => {
        this.counts.failed += spans.length;
        done({ code: 1, error: thrown instanceof Error ? thrown : new Error(String(thrown)) });
      },
    );
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  async #deliver(spans: ReadableSpan[]): Promise<void> {
    const bytes = JsonTraceSerializer.serializeRequest(spans);
    if (bytes === undefined) throw new Error('the spans could not be written');
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let tried = 1; ; tried++) {
      const status = await this.#post(body);
      if (status >= 200 && status < 300) return;
      if (!again.has(status) || tried === tries) throw new Error(`the collector answered ${status}`);
      await sleep(this.#options.clock, waitMs * tried);
    }
  }

  async #post(body: Buffer): Promise<number> {
    const { url, headers, send, clock } = this.#options;
    const patience = new Abort();
    const cancel = clock.after(patienceMs, () => patience.abort());
    try {
      const answer = await send({
        method: 'POST',
        origin: url.origin,
        path: url.pathname + url.search,
        headers: { ...headers, 'content-type': 'application/json' },
        body: [body],
        signal: patience,
      });
      await answer.body.readAll(answerLimit);
      return answer.status;
    } finally {
      cancel();
    }
  }
}
