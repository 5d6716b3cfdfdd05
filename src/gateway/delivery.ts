// A streamed answer on its way out of the hall. Whatever ends it (the upstream, a failure, a client that goes), the upstream is let go,
// the deployment's part is settled and the trail is told, once.
import { GatewayError } from '../core/errors.ts';
import { estimateTokens } from '../core/estimate.ts';
import { noUsage, type Usage } from '../core/usage.ts';
import { type Streamed, stopOf } from '../core/wire.ts';
import { type Answer, asGatewayError, type StreamUnderWay } from './attempt.ts';
import type { Resolved } from './exchange.ts';
import type { Trail } from './trail.ts';

type Piece = Uint8Array | string;

/** A stream that has begun. */
export class Delivery implements Streamed {
  readonly #asked: Resolved;
  readonly #answer: StreamUnderWay;
  readonly #trail: Trail;
  #first: Piece | null;
  #isOver = false;
  /** All there was has been taken, and more is waited for. */
  #waits = false;

  constructor(asked: Resolved, answer: StreamUnderWay, trail: Trail) {
    this.#asked = asked;
    this.#answer = answer;
    this.#trail = trail;
    this.#first = answer.first;
  }

  take(): Piece | null | undefined {
    if (this.#isOver) return null;
    const { flow, deadline } = this.#answer;
    const first = this.#first;
    this.#first = null;
    if (first !== null) return first;
    try {
      const piece = flow.take();
      this.#waits = piece === undefined;
      if (this.#waits) deadline.waits();
      else deadline.heard();
      if (piece === null) this.#succeed();
      return piece;
    } catch (thrown) {
      return this.#fail(thrown);
    }
  }

  wake(told: () => void): void {
    this.#answer.flow.wake(told);
  }

  stop(): void {
    if (this.#isOver) return;
    // Many clients leave at the last word; who has all of it has abandoned nothing.
    if (this.#waits && this.#answer.flow.isWhole) {
      this.#succeed();
      return;
    }
    const gone = new GatewayError('client_gone');
    this.#end(gone);
    this.#trail.fail(gone, this.#usedSoFar());
  }

  #succeed(): void {
    this.#trail.succeed(200, this.#answer.flow.usage);
    this.#end(null);
  }

  /** Returns the error as the stream's last event, for a client that is still there. */
  #fail(thrown: unknown): string | null {
    const { target, deadline } = this.#answer;
    const error = asGatewayError(thrown, target, deadline.expired ? deadline.silenceMs : null);
    this.#trail.fail(error, this.#usedSoFar());
    this.#end(error);
    return lastWords(this.#asked, stopOf(this.#asked.arrived) ?? error);
  }

  #end(outcome: GatewayError | null): void {
    this.#isOver = true;
    this.#answer.end();
    this.#answer.settle(outcome);
  }

  /** The rule for a stream that ended early: what the provider reported, else the input as estimated and one token an event. */
  #usedSoFar(): Usage {
    const { usage, delivered } = this.#answer.flow;
    return usage ?? { ...noUsage, input: estimateTokens(this.#asked.words.said), output: delivered };
  }
}

/** A stream that is still waited for: what becomes of it is delivered in its place. */
export class LateDelivery implements Streamed {
  #delivery: Streamed | null = null;
  /** What is said instead of an answer; undefined: nothing has become of it yet. */
  #words: string | null | undefined;
  #told: (() => void) | null = null;
  #isStopped = false;

  constructor(asked: Resolved, answering: Promise<Answer>, trail: Trail) {
    const goOn = (): void => {
      if (this.#isStopped) this.#delivery?.stop();
      this.#told?.();
    };
    answering.then(
      (answer) => {
        trail.began();
        if (answer.kind === 'stream') this.#delivery = new Delivery(asked, answer, trail);
        else this.#words = null;
        goOn();
      },
      (thrown: unknown) => {
        const error = stopOf(asked.arrived) ?? GatewayError.from(thrown);
        trail.fail(error);
        this.#words = lastWords(asked, error);
        goOn();
      },
    );
  }

  take(): Piece | null | undefined {
    if (this.#delivery !== null) return this.#delivery.take();
    const words = this.#words;
    if (words !== undefined) this.#words = null;
    return words;
  }

  wake(told: () => void): void {
    if (this.#delivery === null) this.#told = told;
    else this.#delivery.wake(told);
  }

  stop(): void {
    this.#isStopped = true;
    this.#delivery?.stop();
  }
}

function lastWords(asked: Resolved, error: GatewayError): string | null {
  const { gone } = asked.arrived;
  const isHeard = !gone.aborted || gone.reason === error;
  return isHeard ? asked.surface.dialect.streamError(error, asked.arrived.id) : null;
}
