// News of a channel over a connection of its own. A broken or silent connection is noticed by a heartbeat and made again,
// a little later each time. Invariant: after every beginning onGap is called, since news may have been missed.
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { GatewayError } from '../core/errors.ts';
import type { ListenHandlers } from './database.ts';

const firstWaitMs = 50;
const longestWaitMs = 2_000;
const heartbeatMs = 3_000;
/** A server that fell silent does not say goodbye; nobody waits longer for it. */
const farewellMs = 500;

/** Takes a maker of connections, a channel and what to do; listens until the returned function is called. */
export function listenOn(connect: () => pg.Client, channel: string, handlers: ListenHandlers): () => Promise<void> {
  const stopping = new AbortController();
  const listening = listenUntil(stopping.signal, connect, channel, handlers);
  return async () => {
    stopping.abort();
    await listening;
  };
}

async function listenUntil(
  signal: AbortSignal,
  connect: () => pg.Client,
  channel: string,
  handlers: ListenHandlers,
): Promise<void> {
  let waitMs = firstWaitMs;
  while (!signal.aborted) {
    const reason = await listenOnce(signal, connect(), channel, {
      ...handlers,
      onGap: () => {
        waitMs = firstWaitMs;
        handlers.onGap();
      },
    });
    if (signal.aborted) return;
    handlers.onLost(new GatewayError('store_unavailable', { cause: reason }));
    await pause(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
    waitMs = Math.min(waitMs * 2, longestWaitMs);
  }
}

/** Listens until the connection breaks or the signal says so; returns why it broke. */
async function listenOnce(
  signal: AbortSignal,
  client: pg.Client,
  channel: string,
  handlers: ListenHandlers,
): Promise<unknown> {
  const attempt = new AbortController();
  const broken = new Promise<unknown>((resolve) => {
    client.on('error', resolve);
    client.on('end', () => resolve(new Error('the connection ended')));
    signal.addEventListener('abort', resolve, { once: true, signal: attempt.signal });
  });
  client.on('notification', ({ payload }) => handlers.onPayload(payload ?? ''));
  try {
    await client.connect();
    await client.query(`LISTEN "${channel}"`);
    handlers.onGap();
    return await Promise.race([broken, heartbeat(client, attempt.signal)]);
  } catch (thrown) {
    return thrown;
  } finally {
    attempt.abort();
    client.removeAllListeners('notification');
    await Promise.race([client.end().catch(() => undefined), pause(farewellMs, undefined, { ref: false })]);
  }
}

/** Asks the server something small again and again; returns what it failed with. */
async function heartbeat(client: pg.Client, signal: AbortSignal): Promise<unknown> {
  for (;;) {
    try {
      await pause(heartbeatMs, undefined, { signal, ref: false });
      await client.query({ text: 'SELECT 1', query_timeout: heartbeatMs } as pg.QueryConfig);
    } catch (thrown) {
      return thrown;
    }
  }
}
