// The catalogue of strategies.
import type { StrategyName } from '../../core/records.ts';
import { costBased } from './cost-based.ts';
import { inOrder } from './in-order.ts';
import { latencyBased } from './latency-based.ts';
import { leastBusy } from './least-busy.ts';
import { simpleShuffle } from './simple-shuffle.ts';
import type { Strategy } from './strategy.ts';
import { usageBased } from './usage-based.ts';

export const strategies: Readonly<Record<StrategyName, Strategy>> = {
  'simple-shuffle': simpleShuffle,
  'least-busy': leastBusy,
  'usage-based': usageBased,
  'latency-based': latencyBased,
  'cost-based': costBased,
  'in-order': inOrder,
};
