// What a name that leads nowhere may have been meant to lead to.
import { didYouMean } from '../config/did-you-mean.ts';
import type { FoundModel } from './models.ts';

/** Takes the dead name, where it stands, what is known of it and the models there are; returns a proposal in words. */
export function proposal(
  name: string,
  place: string,
  dead: FoundModel | undefined,
  models: readonly FoundModel[],
): string {
  const living = models.filter((model) => !model.isDecommissioned && model.alias !== name);
  const near = didYouMean(
    name,
    living.map(({ alias }) => alias),
  );
  const mode = dead?.mode ?? modeIn(name) ?? modeIn(place);
  const alike = mode === undefined ? undefined : living.find((model) => (model.mode ?? modeIn(model.alias)) === mode);
  const meant = near ?? alike?.alias;
  return meant === undefined ? 'point it at a model that is there, or remove it' : `point it at ${meant}, or remove it`;
}

function modeIn(name: string): string | undefined {
  if (/embed/i.test(name)) return 'embedding';
  return /rerank/i.test(name) ? 'rerank' : undefined;
}
