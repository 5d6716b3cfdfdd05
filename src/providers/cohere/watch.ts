// Watches a stream of Cohere's as it is translated: the end, and the tokens it reports. All else is the reader's.
import type { GatewayError } from '../../core/errors.ts';
import { isObject } from '../../core/json.ts';
import type { Usage } from '../../core/usage.ts';
import type { StreamPiece, StreamWatch } from '../provider.ts';
import { chatUsage } from './answer.ts';

export class CohereWatch implements StreamWatch {
  usage: Usage | null = null;
  complete = false;
  readonly error: GatewayError | null = null;

  see({ data }: StreamPiece): void {
    if (!data.includes('"message-end"')) return;
    const event = objectOf(data);
    if (event?.type !== 'message-end' || !isObject(event.delta)) return;
    this.complete = true;
    this.usage = chatUsage(event.delta);
  }
}

function objectOf(data: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : null;
  } catch {
    // Not JSON: the reader says so.
    return null;
  }
}
