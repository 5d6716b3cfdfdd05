// Watches an Anthropic stream that passes unchanged. Cheap: only the few events that tell of usage or an error are parsed.
import { anthropicUsage } from '../../core/anthropic.ts';
import type { GatewayError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Usage } from '../../core/usage.ts';
import type { StreamPiece, StreamWatch } from '../provider.ts';
import { failureInStream } from '../upstream-failure.ts';
import { dataOf, eventOf, mergedUsage, objectOf } from './events.ts';

/** Returns a watch of one stream. */
export function messageWatch(): StreamWatch {
  return new MessageWatch();
}

class MessageWatch implements StreamWatch {
  #reported: JsonObject | null = null;
  complete = false;
  error: GatewayError | null = null;

  see(piece: StreamPiece): void {
    const name = nameOf(piece);
    if (name === 'message_stop') this.complete = true;
    else if (name === 'error') this.error ??= failureInStream('anthropic', dataOf(piece));
    else if (name === 'message_start' || name === 'message_delta') {
      this.#reported = mergedUsage(this.#reported ?? {}, usageIn(piece));
    }
  }

  get usage(): Usage | null {
    const reported = this.#reported;
    return reported === null || Object.keys(reported).length === 0 ? null : anthropicUsage(reported);
  }
}

/** A proxy may leave the event's name out; the type stands near the front of the data then. */
function nameOf(piece: StreamPiece): string {
  if (piece.name !== '' && piece.name !== 'message') return piece.name;
  return /"type":\s*"(message_(?:start|delta|stop)|error)"/.exec(piece.data.slice(0, 60))?.[1] ?? '';
}

function usageIn(piece: StreamPiece): JsonValue | undefined {
  const event = eventOf(piece);
  return event.type === 'message_start' ? objectOf(event.message).usage : event.usage;
}
