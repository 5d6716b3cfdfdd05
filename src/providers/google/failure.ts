// What Google's refusals mean in our codes: a canonical name beside the status, a wait under RetryInfo, and a wrong key as 400.
// https://cloud.google.com/apis/design/errors https://ai.google.dev/gemini-api/docs/troubleshooting
import type { GatewayError } from '../../core/errors.ts';
import { upstreamFailure } from '../upstream-failure.ts';

/** Takes status, headers (lower case) and text of a refusal; returns the failure in our codes. */
export function googleFailure(status: number, headers: Readonly<Record<string, string>>, body: string): GatewayError {
  const meant = status === 400 && /API_KEY_INVALID|API key (?:not valid|expired)/i.test(body) ? 401 : status;
  return upstreamFailure('gemini', meant === 499 ? 503 : meant, headers, body);
}
