// Who may do what to keys, in one place: HTTP, command line and pages are doors to this room.
import type { Caller } from '../core/caller.ts';
import { GatewayError } from '../core/errors.ts';

/** Takes a caller; returns when it may manage the gateway. Throws route_forbidden. */
export function requireMaster(caller: Caller, route: string): void {
  if (!caller.isMaster) throw new GatewayError('route_forbidden', { message: route });
}

/** Takes a caller and the hash of a key; true when it may look at that key: the master key may, and a key may look at itself. */
export function maySeeKey(caller: Caller, hash: string): boolean {
  return caller.isMaster || caller.hash === hash;
}
