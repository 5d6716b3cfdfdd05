// The rests of deployments that are not over, so that a worker which begins meanwhile keeps them as the others do.
import type { Clock } from '../../kit/clock.ts';
import type { Rest } from './messages.ts';

export class Rests {
  readonly #until = new Map<string, { readonly rest: Rest; readonly endsAt: number }>();
  readonly #clock: Pick<Clock, 'monotonic'>;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** A deployment goes to rest; of two rests the one that ends last counts. */
  heard(rest: Rest): void {
    const endsAt = this.#clock.monotonic() + rest.restMs;
    const known = this.#until.get(rest.deployment);
    if (known === undefined || known.endsAt < endsAt) this.#until.set(rest.deployment, { rest, endsAt });
  }

  /** Returns the rests that are not over, each with the time it has still to go. */
  left(): Rest[] {
    const now = this.#clock.monotonic();
    for (const [deployment, { endsAt }] of this.#until) if (endsAt <= now) this.#until.delete(deployment);
    return [...this.#until.values()].map(({ rest, endsAt }) => ({ ...rest, restMs: endsAt - now }));
  }
}
