// Memory that a busy hour has taken goes back to the system in the first quiet moment after it. By itself V8 collects when it wants
// room, so what lies about at the end of a load would lie there all night. Invariant: nothing is collected while anybody waits.

/** What the gateway has to do. */
export interface Activity {
  /** Requests taken so far. */
  readonly taken: number;
  /** Requests under way. */
  readonly running: number;
}

export interface GiveBackParts {
  readonly activity: () => Activity;
  /** Bytes of memory that are resident now. */
  readonly resident: () => number;
  /** Collects, which takes some 50 ms; `thoroughly` forgets compiled code as well, for what only the start has needed. */
  readonly collect: (thoroughly: boolean) => void;
}

const lookEveryMs = 250;
/** Looks in a row at which there was nothing to do. */
const quietLooks = 2;
/**
 * What a collection has emptied V8 keeps for a second (`--memory-pool-timeout`) and gives back when it collects again, which it does not
 * by itself while nothing comes: it is told to at this look.
 */
const againLooks = 7;
/** By then the system has all of it. */
const settledLooks = 10;
/** Less than this is not worth the pause. */
const worthBytes = 24 * 1024 * 1024;

/** Takes the parts; begins to look. Returns the look itself, for whoever owns the time, and the means to end it. */
export function giveBack(parts: GiveBackParts): { look: () => void; end: () => void } {
  const giver = new Giver(parts);
  const timer = setInterval(() => giver.look(), lookEveryMs).unref();
  return { look: () => giver.look(), end: () => clearInterval(timer) };
}

class Giver {
  readonly #parts: GiveBackParts;
  #taken = 0;
  #quiet = 0;
  /** Resident once the last collection has given back what it could; null: the start has not been tidied up after. */
  #least: number | null = null;
  /** This quiet moment was worth a collection. */
  #hasCollected = false;

  constructor(parts: GiveBackParts) {
    this.#parts = parts;
  }

  look(): void {
    const { taken, running } = this.#parts.activity();
    const isQuiet = running === 0 && taken === this.#taken;
    this.#taken = taken;
    this.#quiet = isQuiet ? this.#quiet + 1 : 0;
    if (this.#quiet === quietLooks) this.#collect();
    else if (this.#hasCollected && this.#quiet === againLooks) this.#parts.collect(false);
    else if (this.#hasCollected && this.#quiet === settledLooks) this.#least = this.#parts.resident();
  }

  #collect(): void {
    const { resident, collect } = this.#parts;
    const least = this.#least;
    this.#hasCollected = least === null || resident() >= least + worthBytes;
    if (!this.#hasCollected) return;
    collect(least === null);
    this.#least = resident();
  }
}

/** Returns how V8 is told to collect; null when Node was started without --expose-gc. */
export function collector(): GiveBackParts['collect'] | null {
  const { gc } = globalThis;
  if (gc === undefined) return null;
  return (thoroughly) => {
    gc({ type: 'major', execution: 'sync', flavor: thoroughly ? 'last-resort' : 'regular' });
  };
}
