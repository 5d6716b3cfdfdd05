// What is asked, in our words: the body is read once, its flaws are named, and what is meant for us is taken out of it.
import { mayCall } from '../../core/caller.ts';
import type { Operation } from '../../core/chat.ts';
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { header } from '../../core/wire.ts';
import { deepest, type Flaw, isText, mapBody, outlineOf } from '../../kit/json-body.ts';
import type { Admitted, Understood } from '../exchange.ts';
import { folds, unfoldMessages, Words } from '../words.ts';
import { consumedFields, readOptions } from './options.ts';

/** A body of up to so many bytes is as soon read as folded. */
const longestReadWhole = 2 * 1024;

/** Takes an admitted request; returns what it asks. Throws body_*, field_*, dialect_wrong or model_forbidden. */
export function understand(admitted: Admitted): Understood {
  const { arrived, surface } = admitted;
  const bytes = arrived.body;
  refuseEncoding(header(arrived, 'content-encoding'));
  checkText(bytes);
  const map = mapBody(bytes, bytes.length > longestReadWhole ? folds : null);
  if ('kind' in map) throw notJson(bytes) ?? flawed(map);
  const outline = parse(outlineOf(bytes, map), bytes);
  const isOutline = unfoldMessages(outline, map);
  const body = isOutline ? outline : parse(bytes.toString('utf8'), bytes);
  const model = modelOf(body);
  checkFields(surface.operation, body);
  if (surface.dialect.name === 'openai' && surface.operation === 'chat') surface.dialect.decode(body, []);
  const key = admitted.caller.key;
  if (key !== null && !mayCall(key.models, model)) throw forbidden(key.models, model);
  const usageAsked = isObject(body.stream_options) && body.stream_options.include_usage === true;
  return {
    ...admitted,
    bytes,
    map,
    words: new Words(body, bytes, isOutline && map.folded.length > 0),
    model,
    stream: streamOf(body, surface.operation),
    includeUsage: usageAsked,
    options: readOptions(arrived, body),
    consumed: consumedFields(body, surface.dialect.name),
  };
}

function refuseEncoding(encoding: string | undefined): void {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return;
  throw new GatewayError('body_encoding_unsupported', {
    message: `${encoding}; send the body as it is`,
    field: 'content-encoding',
  });
}

function checkText(bytes: Buffer): void {
  if (bytes.length === 0) throw new GatewayError('body_empty');
  if (!isText(bytes)) throw new GatewayError('body_not_utf8');
}

function parse(outline: string, bytes: Buffer): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(outline);
  } catch (error) {
    throw notJson(bytes) ?? error;
  }
  if (!isObject(value)) throw new GatewayError('body_not_object');
  return value;
}

/** Returns what of a body is not JSON, told by its own words and places; null when it is JSON. */
function notJson(bytes: Buffer): GatewayError | null {
  try {
    JSON.parse(bytes.toString('utf8'));
    return null;
  } catch (error) {
    return new GatewayError('body_not_json', { message: error instanceof Error ? error.message : String(error) });
  }
}

function flawed(flaw: Flaw): GatewayError {
  if (flaw.kind === 'duplicate') {
    return new GatewayError('body_duplicate_field', {
      message: `${flaw.field} stands twice; keep one`,
      field: flaw.field,
    });
  }
  if (flaw.kind === 'depth')
    return new GatewayError('body_too_deep', { message: `at most ${deepest} levels are read` });
  return new GatewayError(flaw.kind === 'not-object' ? 'body_not_object' : 'body_not_json');
}

function modelOf(body: JsonObject): string {
  if (body.model === undefined || body.model === null) {
    throw new GatewayError('field_missing', {
      message: 'model is required; /v1/models lists the names',
      field: 'model',
    });
  }
  if (typeof body.model !== 'string' || body.model === '') {
    throw new GatewayError('field_invalid', { message: 'model must be a text that is not empty', field: 'model' });
  }
  return body.model;
}

/** Fields without which a request of each kind means nothing; chat has its own check in its dialect. */
const required: Readonly<Record<Operation, readonly string[]>> = {
  chat: [],
  completion: ['prompt'],
  embedding: ['input'],
  rerank: ['query', 'documents'],
  moderation: ['input'],
};

function checkFields(operation: Operation, body: JsonObject): void {
  for (const field of required[operation]) {
    if (body[field] === undefined || body[field] === null) {
      throw new GatewayError('field_missing', { message: `${field} is required`, field });
    }
  }
  if (operation === 'rerank') checkRerank(body);
  if (operation === 'embedding') checkEmbedding(body);
}

function checkRerank(body: JsonObject): void {
  if (typeof body.query !== 'string') {
    throw new GatewayError('field_invalid', { message: 'query must be a text', field: 'query' });
  }
  if (!Array.isArray(body.documents) || body.documents.length === 0) {
    throw new GatewayError('field_invalid', {
      message: 'documents must be a list with at least one entry',
      field: 'documents',
    });
  }
}

function checkEmbedding(body: JsonObject): void {
  const { input, dimensions, encoding_format: format } = body;
  const isList = Array.isArray(input) && input.length > 0;
  if (!(typeof input === 'string' && input !== '') && !isList) {
    throw new GatewayError('field_invalid', {
      message: 'input must be a text or a list of texts, not empty',
      field: 'input',
    });
  }
  if (dimensions !== undefined && dimensions !== null && !(Number.isInteger(dimensions) && Number(dimensions) > 0)) {
    throw new GatewayError('field_invalid', {
      message: 'dimensions must be a whole number above 0',
      field: 'dimensions',
    });
  }
  if (format !== undefined && format !== null && format !== 'float' && format !== 'base64') {
    throw new GatewayError('field_invalid', {
      message: 'encoding_format must be float or base64',
      field: 'encoding_format',
    });
  }
}

function streamOf(body: JsonObject, operation: Operation): boolean {
  if (body.stream === undefined || body.stream === null) return false;
  if (typeof body.stream !== 'boolean') {
    throw new GatewayError('field_invalid', { message: 'stream must be true or false', field: 'stream' });
  }
  return body.stream && (operation === 'chat' || operation === 'completion');
}

function forbidden(models: readonly string[], model: string): GatewayError {
  return new GatewayError('model_forbidden', {
    message: `this key may call ${models.join(', ')}; tried ${model}`,
    field: 'model',
  });
}
