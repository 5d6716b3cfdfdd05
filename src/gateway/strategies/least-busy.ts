// Fewest requests in flight first; equals in random order.
import { shuffled } from '../shuffled.ts';
import type { Strategy } from './strategy.ts';

export const leastBusy: Strategy = {
  name: 'least-busy',
  order: (candidates, random) => shuffled(candidates, random).toSorted((a, b) => a.seen.inFlight - b.seen.inFlight),
};
