// Secrets of one row on their way into the store. Invariant: a value that is stored already keeps its sealed text, so that writing the same
// again changes nothing; nothing is written over what another salt key sealed.
import type { Sealer } from '../kit/seal.ts';
import type { Secret } from '../kit/secret.ts';
import { StartRefused } from './start-refused.ts';

/**
 * Takes what seals, the place of each field, secrets by field and what is stored of them; returns them sealed. Throws StartRefused when
 * a stored one does not open.
 */
export function sealFields(
  sealer: Sealer,
  placeOf: (field: string) => string,
  values: Readonly<Record<string, Secret>>,
  stored: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const sealed = Object.entries(values).map(([field, secret]) => {
    const place = placeOf(field);
    const before = stored[field];
    const isSame = before !== undefined && open(sealer, before, place).equals(secret);
    return [field, isSame ? before : sealer.seal(secret, place)] as const;
  });
  return Object.fromEntries(sealed);
}

function open(sealer: Sealer, sealed: string, place: string): Secret {
  try {
    return sealer.unseal(sealed, place);
  } catch (thrown) {
    throw new StartRefused(
      `a stored secret does not open with this salt key (${place})`,
      'start with the salt key it was sealed under',
      { cause: thrown },
    );
  }
}
