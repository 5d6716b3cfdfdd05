// Requests whose contents are stored: both bodies are handed over when the answer is out. Only where that is asked for; without it
// the hall is handed the house's parts as they are. Invariant: nothing is kept of a request that no key opened, nor
// against the wish of who asks.
import { isObject } from '../core/json.ts';
import type { Contents, UsageRow } from '../core/records.ts';
import { type Arrived, header } from '../core/wire.ts';
import { overheard } from './overheard.ts';
import type { Handling } from './traced.ts';

/** Takes how requests are handled and who keeps contents; returns how requests are handled so that they are kept. */
export function keepingContents(handling: Handling, keep: (contents: Contents) => void): Handling {
  return {
    ...handling,
    handle: (arrived, work) =>
      handling.handle(arrived, async (parts) => {
        const rows: UsageRow[] = [];
        const record = (row: UsageRow): void => {
          parts.record(row);
          rows.push(row);
        };
        const reply = await work({ ...parts, record });
        if (isPrivate(arrived)) return reply;
        return overheard(reply, (answered) => {
          for (const { requestId, startedAt, keyHash } of rows)
            if (keyHash !== null) keep({ requestId, startedAt, asked: arrived.body, answered });
        });
      }),
  };
}

const privateField = 'no-log';

/** LiteLLM's words for it: a header, or a field of the body. */
function isPrivate(arrived: Arrived): boolean {
  if (header(arrived, 'x-litellm-enable-message-redaction')?.toLowerCase() === 'true') return true;
  if (!arrived.body.includes(`"${privateField}"`)) return false;
  try {
    const body: unknown = JSON.parse(arrived.body.toString('utf8'));
    return isObject(body) && body[privateField] === true;
  } catch {
    return true; // a body that is no JSON was refused: what it wished cannot be read
  }
}
