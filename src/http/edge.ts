// Around every route: one log line, and the last-resort error in the dialect the route speaks. Requests to models keep a
// trail of their own (gateway/trail.ts), which writes their line and their usage row; here the others get theirs.
import { GatewayError } from '../core/errors.ts';
import type { Arrived, Reply } from '../core/wire.ts';
import type { Dialect } from '../gateway/dialects/dialect.ts';
import { dialects } from '../gateway/dialects/index.ts';
import { errorReply } from '../gateway/error-reply.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Route } from './routes.ts';

export interface EdgeParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: (prefix: string) => string;
}

/** A refusal's body is always text. */
export type Refusal = Reply & { readonly body: string };

/** A request as far as it was understood. */
export type Stranger = Pick<Arrived, 'id' | 'method' | 'path'>;

export interface Edge extends EdgeParts {
  /** Takes a request and its route; returns the reply, an error as the route's dialect writes it. Never throws. */
  readonly guard: (arrived: Arrived, route: Route) => Promise<Reply>;
  /** Takes an error and a request that no route has handled; returns the refusal, noted in the log. */
  readonly refuse: (error: GatewayError, stranger: Stranger, route: Route | undefined) => Refusal;
}

/** Takes clock, log and a source of ids; returns the edge. */
export function openEdge(parts: EdgeParts): Edge {
  const { log } = parts;
  return {
    ...parts,
    guard: (arrived, route) => {
      // The hall never throws, and keeps its own books.
      if (route.refuse !== undefined) return Promise.resolve(route.handle(arrived));
      return watched(arrived, route, parts);
    },
    refuse: (error, { id, method, path }, route) => {
      const shown = path.slice(0, longestPath);
      log.info('refused at the door', { request: id, method, path: shown, status: error.status, error: error.code });
      return lastResort(error, id, path, route);
    },
  };
}

const longestPath = 256;

async function watched(arrived: Arrived, route: Route, { clock, log }: EdgeParts): Promise<Reply> {
  let reply: Reply;
  let failure: GatewayError | null = null;
  try {
    reply = await route.handle(arrived);
  } catch (thrown) {
    failure = GatewayError.from(thrown);
    if (failure.code === 'internal')
      log.error('internal', { request: arrived.id, path: arrived.path, error: failure.cause });
    reply = lastResort(failure, arrived.id, arrived.path, route);
  }
  log[route.isProbe === true ? 'debug' : 'info']('request', {
    request: arrived.id,
    method: arrived.method,
    route: route.paths[0],
    status: reply.status,
    ...(failure === null ? {} : { code: failure.code }),
    ms: Math.round((clock.monotonic() - arrived.atMs) * 10) / 10,
  });
  return reply;
}

/** Takes an error, a request id, a path and its route if any; returns the reply in the dialect spoken there. */
export function lastResort(error: GatewayError, id: string, path: string, route: Route | undefined): Refusal {
  const dialect: Dialect = route?.dialect ?? (/^(?:\/v1)?\/messages/.test(path) ? dialects.anthropic : dialects.openai);
  return errorReply(error, dialect, { id, callId: id });
}
