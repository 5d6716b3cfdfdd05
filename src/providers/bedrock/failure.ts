// What Bedrock's refusals mean in our codes. Their names stand in a header, their sentence under `message` or `Message`; in a
// stream they come as exceptions. https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
import type { GatewayError } from '../../core/errors.ts';
import { isObject } from '../../core/json.ts';
import { upstreamFailure } from '../upstream-failure.ts';

/** Names that say more than the status they come with, and exceptions in streams, which come without: lower case, first part only. */
const statusByName: Readonly<Record<string, number>> = {
  unrecognizedclientexception: 401,
  invalidsignatureexception: 401,
  incompletesignature: 401,
  missingauthenticationtoken: 401,
  missingauthenticationtokenexception: 401,
  invalidclienttokenid: 401,
  expiredtoken: 401,
  expiredtokenexception: 401,
  requestexpired: 401,
  accessdeniedexception: 403,
  resourcenotfoundexception: 404,
  modeltimeoutexception: 408,
  modelerrorexception: 424,
  modelstreamerrorexception: 424,
  validationexception: 400,
  servicequotaexceededexception: 429,
  throttlingexception: 429,
  modelnotreadyexception: 429,
  serviceunavailableexception: 503,
  internalserverexception: 500,
};

/** Takes status, headers (lower case) and text of a refusal; returns the failure in our codes. */
export function bedrockFailure(status: number, headers: Readonly<Record<string, string>>, body: string): GatewayError {
  const name = (headers['x-amzn-errortype'] ?? '').split(':', 1)[0]?.toLowerCase() ?? '';
  return upstreamFailure('bedrock', statusByName[name] ?? status, headers, sentenceOf(body));
}

/** Takes the name of an exception inside a stream and its data; returns the failure in our codes. */
export function exceptionInStream(name: string, data: string): GatewayError {
  return upstreamFailure('bedrock', statusByName[name.toLowerCase()] ?? 500, {}, sentenceOf(data));
}

/** Amazon's front doors write `Message`; elsewhere it is `message`. */
function sentenceOf(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) && typeof parsed.Message === 'string' ? JSON.stringify({ message: parsed.Message }) : body;
  } catch {
    // Not JSON: a proxy's page, or nothing.
    return body;
  }
}
