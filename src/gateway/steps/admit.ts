// Who is asking, and may they? A known key is served even while the database is away.
import { tokenOf } from '../../core/caller.ts';
import type { Arrived } from '../../core/wire.ts';
import type { Admitted, Parts, Surface } from '../exchange.ts';

/** Takes a request; returns it with its caller. Throws key_* or identity_unavailable. */
export function admit(arrived: Arrived, surface: Surface, parts: Parts): Admitted {
  return { arrived, surface, caller: parts.identify(tokenOf(arrived)) };
}
