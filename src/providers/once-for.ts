// What is the same for every call to a deployment, found out at the first.
import type { Upstream } from './provider.ts';

/** Takes a function of a deployment; returns it as one that is asked once for each. */
export function onceFor<Value>(of: (upstream: Upstream) => Value): (upstream: Upstream) => Value {
  const known = new WeakMap<Upstream, Value>();
  return (upstream) => {
    const before = known.get(upstream);
    if (before !== undefined) return before;
    const value = of(upstream);
    known.set(upstream, value);
    return value;
  };
}
