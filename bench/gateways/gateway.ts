// Contract of the shelf of measured gateways: how one is brought here, how it is started, where it listens.
// Invariant: a member says how; bench/measure.ts does it, the same way for all.
import type { Program } from '../processes.ts';
import type { Target } from '../requests.ts';

/** Thrown when a gateway cannot be had on this machine; the message is the reason that stands in the table. */
export class NotHere extends Error {}

export interface Place {
  /** The gateway's own folder for this run. */
  readonly folder: string;
  /** Where peers are installed, once for all runs. */
  readonly peers: string;
  readonly port: number;
  readonly upstreamPort: number;
  readonly core: number;
  readonly toolsCore: number;
}

export interface Launch {
  readonly program: Program;
  readonly chat: Target;
  readonly embeddings: Target;
  /** Name of processes it starts that are counted in a column of their own, as the kernel has it. */
  readonly database?: string;
  /** Takes a count; returns how it is started with so many processes that serve. Only for a gateway that can do that. */
  readonly withWorkers?: (count: number) => Launch;
}

export interface Gateway {
  readonly name: string;
  /** How it is set up here, for the page of results. */
  readonly setting: string;
  /** Brings it here and returns its version. Throws NotHere with a reason. */
  install(peers: string): string;
  /** Writes its configuration, and does once what must be done before it can be measured. */
  configure(place: Place): Launch | Promise<Launch>;
}
