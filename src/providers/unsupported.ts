// What happens to a parameter that a provider cannot honour: it is left out and noted when parameters may be dropped, else
// refused by name. Never silently.
import { GatewayError } from '../core/errors.ts';
import type { Call } from './provider.ts';

/**
 * Takes the provider's name, the call, the parameter and, when it helps, why. Returns when the parameter may be left out,
 * after noting it in `call.dropped`; throws field_unsupported when not.
 */
export function unsupported(provider: string, call: Call, field: string, why?: string): void {
  if (call.dropParameters) {
    call.dropped.push(field);
    return;
  }
  const reason = why === undefined ? '' : ` (${why})`;
  throw new GatewayError('field_unsupported', {
    field,
    message: `${provider} does not support ${field}${reason}, for model=${call.upstream.model}. To leave such parameters out, set drop_params: true`,
  });
}

/** Takes the field and what is wrong with it; returns field_invalid. */
export function invalid(field: string, message: string): GatewayError {
  return new GatewayError('field_invalid', { field, message: `${field}: ${message}` });
}
