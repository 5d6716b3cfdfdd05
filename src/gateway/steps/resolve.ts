// Which deployments could answer?
import { GatewayError } from '../../core/errors.ts';
import type { Parts, Resolved, Understood } from '../exchange.ts';
import type { Alias } from '../target.ts';

/** Takes what is asked; returns it with the alias it names. Throws model_unknown. */
export function resolve(understood: Understood, parts: Parts): Resolved {
  return { ...understood, alias: aliasNamed(understood.model, parts) };
}

/** Takes a name; returns the alias. Throws model_unknown, or table_missing when it may be in a table that is gone. */
export function aliasNamed(name: string, parts: Parts): Alias {
  const alias = parts.models().find(name);
  if (alias !== undefined) return alias;
  const lost = parts.lostModels();
  if (lost !== undefined) throw lost;
  throw new GatewayError('model_unknown', {
    message: `model=${name}. Call \`/v1/models\` to view available models for your key.`,
    field: 'model',
  });
}
