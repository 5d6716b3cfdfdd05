// The order in which the deployments are written down.
import type { Strategy } from './strategy.ts';

export const inOrder: Strategy = {
  name: 'in-order',
  order: (candidates) => candidates,
};
