// The staircase of types: each step takes one and returns the next, so a step that is left out or taken out of turn does
// not compile. And Parts: all that the hall needs of the rest of the house, handed in by app.ts.
import type { Caller } from '../core/caller.ts';
import type { Operation } from '../core/chat.ts';
import type { ErrorCode, GatewayError } from '../core/errors.ts';
import type { DeploymentRecord, RouterSettings, UsageRow } from '../core/records.ts';
import type { Arrived } from '../core/wire.ts';
import type { Clock } from '../kit/clock.ts';
import type { IncomingAnswer } from '../kit/incoming.ts';
import type { BodyMap } from '../kit/json-body.ts';
import type { Log } from '../kit/log.ts';
import type { OutgoingRequest } from '../kit/upstream.ts';
import type { Wire } from '../providers/provider.ts';
import type { Dialect } from './dialects/dialect.ts';
import type { ModelMap } from './model-map.ts';
import type { Alias, Called } from './target.ts';
import type { Traffic } from './traffic.ts';
import type { Words } from './words.ts';

/** What a route stands for: which dialect is spoken there, and what may be asked. */
export interface Surface {
  readonly dialect: Dialect;
  readonly operation: Operation;
  /** For the usage row: `/v1/chat/completions`. */
  readonly route: string;
  /** What the usage row calls it, when that is not the operation. */
  readonly recordedAs?: UsageRow['operation'];
}

export interface Parts {
  readonly clock: Clock;
  readonly log: Log;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  readonly newId: (prefix: string) => string;
  /** Takes the key a request carries; returns who it is. Throws key_* or identity_unavailable. */
  readonly identify: (token: string) => Caller;
  readonly models: () => ModelMap;
  /** Why models may be unknown that exist; undefined: none is. */
  readonly lostModels: () => GatewayError | undefined;
  readonly router: () => RouterSettings;
  readonly traffic: Traffic;
  /** The target is for those who watch (traces). */
  readonly send: (request: OutgoingRequest, target?: Called) => Promise<IncomingAnswer>;
  /** The wire in which canned answers are written. */
  readonly cannedWire: Wire;
  readonly record: (row: UsageRow) => void;
  /** A try has failed: at which deployment, why, and how long that one rests because of it, in milliseconds (0: not at all). */
  readonly failed: (deployment: DeploymentRecord, code: ErrorCode, restMs: number) => void;
  /** Which of how many processes that are this gateway this one is, from 1; each takes its share of a deployment's limits. */
  readonly crew: { readonly index: number; readonly size: number };
  /** Milliseconds of silence after which a stream gets a ping. */
  readonly pingMs: number;
  /** Bytes of a whole answer beyond which it is refused. */
  readonly answerLimit: number;
  readonly version: string;
}

/** What the client told the gateway itself, in the body or by headers; none of it goes upstream. */
export interface RequestOptions {
  readonly tags: readonly string[];
  readonly session: string | null;
  readonly endUser: string | null;
  readonly retries: number | null;
  readonly timeoutMs: number | null;
  readonly streamTimeoutMs: number | null;
  readonly fallbacks: readonly string[] | null;
  readonly fallbacksOff: boolean;
  readonly dropParameters: boolean | null;
  readonly mockResponse: string | null;
}

export interface Admitted {
  readonly arrived: Arrived;
  readonly surface: Surface;
  readonly caller: Caller;
}

export interface Understood extends Admitted {
  /** The body as sent, where its fields stand, and what it says. */
  readonly bytes: Buffer;
  readonly map: BodyMap;
  readonly words: Words;
  readonly model: string;
  readonly stream: boolean;
  /** True when the client wants usage in the stream. */
  readonly includeUsage: boolean;
  readonly options: RequestOptions;
  /** Fields of the body that are the gateway's own and never go upstream. */
  readonly consumed: readonly string[];
}

export interface Resolved extends Understood {
  readonly alias: Alias;
}
