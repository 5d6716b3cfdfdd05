// Deployments taken out of service, and back. Invariant: an alias is never left without a deployment by it.
import { GatewayError } from '../core/errors.ts';
import { aloneWithModels, holdOwnRow } from './api-row.ts';
import { type Queries, sqlStateOf, sqlStates } from './database.ts';

interface Standing {
  readonly alias: string;
  readonly isOver: boolean;
  readonly others: number;
}

/**
 * Takes a transaction and a deployment's id; takes it out of service: its row stays, it is served no more. Returns false when it was so
 * already. Throws owned_elsewhere, model_not_found, field_invalid when its alias has no other.
 */
export async function decommissionModel(queries: Queries, id: string): Promise<boolean> {
  const { alias, isOver, others } = await standingOf(queries, id);
  if (isOver) return false;
  if (others === 0) {
    throw new GatewayError('field_invalid', {
      message: `the alias ${alias} would be left without a deployment; add another to it first, or delete this one and the alias with it`,
      field: 'id',
    });
  }
  await queries.query('update plumbline.deployments set decommissioned_at = now(), updated_at = now() where id = $1', [
    id,
  ]);
  return true;
}

/**
 * Takes a transaction and a deployment's id; takes it into service again. Returns false when it is. Throws owned_elsewhere,
 * model_not_found, field_invalid when the same deployment stands under its alias meanwhile.
 */
export async function recommissionModel(queries: Queries, id: string): Promise<boolean> {
  const { alias, isOver } = await standingOf(queries, id);
  if (!isOver) return false;
  await queries.query('update plumbline.deployments set decommissioned_at = null, updated_at = now() where id = $1', [
    id,
  ]);
  try {
    await queries.query('set constraints all immediate');
  } catch (thrown) {
    if (sqlStateOf(thrown) !== sqlStates.uniqueViolation) throw thrown;
    throw new GatewayError('field_invalid', {
      message: `the same deployment stands under ${alias} meanwhile; delete one of the two`,
      field: 'id',
      cause: thrown,
    });
  }
  return true;
}

async function standingOf(queries: Queries, id: string): Promise<Standing> {
  await aloneWithModels(queries);
  const isThere = await holdOwnRow(queries, 'deployment', id);
  const [standing] = await queries.query<Standing>(
    `select alias, decommissioned_at is not null as "isOver", (select count(*)::int from plumbline.deployments other
       where other.alias = own.alias and other.id <> own.id and other.decommissioned_at is null) as others
     from plumbline.deployments own where id = $1`,
    [id],
  );
  if (isThere && standing !== undefined) return standing;
  throw new GatewayError('model_not_found', {
    message: `no deployment has the id ${id}; /model/info lists them`,
    field: 'id',
  });
}
