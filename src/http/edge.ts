// Around every route: a request id, and the last-resort error in the dialect the route speaks.
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

export interface Edge extends EdgeParts {
  /** Takes a request and its route; returns the reply, an error as the route's dialect writes it. Never throws. */
  readonly guard: (arrived: Arrived, route: Route) => Promise<Reply>;
}

/** Takes clock, log and a source of ids; returns the edge. */
export function openEdge(parts: EdgeParts): Edge {
  return {
    ...parts,
    guard: async (arrived, route) => {
      try {
        return await route.handle(arrived);
      } catch (thrown) {
        const error = GatewayError.from(thrown);
        if (error.code === 'internal')
          parts.log.error('internal', { request: arrived.id, path: arrived.path, error: thrown });
        return lastResort(error, arrived.id, arrived.path, route);
      }
    },
  };
}

/** Takes an error, a request id, a path and its route if any; returns the reply in the dialect spoken there. */
export function lastResort(
  error: GatewayError,
  id: string,
  path: string,
  route: Route | undefined,
): Reply & { readonly body: string } {
  const dialect: Dialect = route?.dialect ?? (/^(?:\/v1)?\/messages/.test(path) ? dialects.anthropic : dialects.openai);
  return errorReply(error, dialect, { id, callId: id });
}
