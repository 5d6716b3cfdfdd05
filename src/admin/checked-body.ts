// What a body of the management API says, checked by a schema; the first fault is named by its field.
import type { z } from 'zod';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';

/** Takes a schema and a body; returns the body as the schema reads it. Throws field_invalid, field_missing. */
export function checkedBody<T>(schema: z.ZodType<T>, body: JsonObject): T {
  refuseUnstorable(body);
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = unknown ?? issue?.path.join('.') ?? '';
  const isMissing =
    issue !== undefined && issue.path.length === 1 && body[field] === undefined && unknown === undefined;
  if (isMissing) throw new GatewayError('field_missing', { message: `${field} is required`, field });
  throw new GatewayError('field_invalid', {
    message: unknown === undefined ? `${field}: ${issue?.message}` : `${field} is not a known field`,
    field,
  });
}

/** JSON writes these as escapes: zero characters, and halves of pairs that stand alone. */
const unstorable = /\\u(0000|d[89a-f])/i;

/** Takes fields by name; returns when the database can hold them, which knows no zero character and no half of a pair. Throws field_invalid. */
export function refuseUnstorable(fields: JsonObject): void {
  const field = Object.keys(fields).find((name) => unstorable.test(JSON.stringify([name, fields[name]])));
  if (field === undefined) return;
  throw new GatewayError('field_invalid', { message: `${field} holds a zero character, or half of one`, field });
}
