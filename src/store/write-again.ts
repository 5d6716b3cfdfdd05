// Writes that met another gateway's: what is tried again because only the moment was wrong, not the rows.
import { constraintOf, sqlStateOf, sqlStates } from './database.ts';

const mostTries = 5;

/** Takes a write that may be done again; returns what it returns. A conflict with another writer is tried again, five times at most. */
export async function writeAgain<Result>(write: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (thrown) {
      if (tries === mostTries || !isConflict(thrown)) throw thrown;
    }
  }
}

function isConflict(thrown: unknown): boolean {
  const state = sqlStateOf(thrown);
  return state === sqlStates.deadlock || state === sqlStates.serialization || isDayMade(thrown);
}

/** The day of a row was made while the row was on its way to those without one: a check that fails and has no name. */
function isDayMade(thrown: unknown): boolean {
  return sqlStateOf(thrown) === sqlStates.checkViolation && constraintOf(thrown) === undefined;
}
