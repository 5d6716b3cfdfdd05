// plumbline models add, edit, rm and decommission, by the management API of a running gateway.
import { isObject, type JsonObject, listOf, textOf } from '../core/json.ts';
import { printable } from '../kit/table.ts';
import { named } from './action.ts';
import { rehearsed, sayChange } from './changes-said.ts';
import { CommandFailure, exitCodes, type Terminal } from './command.ts';
import type { GatewayClient } from './gateway-client.ts';
import { typedModel } from './model-words.ts';

/** What was typed after the action, and where to speak. */
export interface Typed {
  readonly name: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
  readonly terminal: Terminal;
}

export type ModelAct = (client: GatewayClient, typed: Typed) => Promise<number>;

export const modelChanges: Readonly<Record<'add' | 'edit' | 'rm' | 'decommission', ModelAct>> = {
  async add(client, { name, options, terminal }) {
    const alias = named('models', 'add', name);
    const { params, info } = typedModel(options);
    const body = { model_name: alias, litellm_params: params, model_info: info };
    const answer = await client.send('POST', rehearsed('/model/new', options), body);
    return sayChange(`model ${alias} (${textOf(answer.model_id)})`, answer, options, terminal);
  },
  async edit(client, { name, options, terminal }) {
    const id = idOf(await wantedModels(client, named('models', 'edit', name)), 'edit');
    const { params, info } = typedModel(options);
    const unset = listOf(options['unset']).map(String);
    const body: JsonObject = {
      litellm_params: params,
      model_info: info,
      ...(typeof options['rename'] === 'string' ? { model_name: options['rename'] } : {}),
      ...(unset.length === 0 ? {} : { unset }),
    };
    if (Object.keys(params).length + Object.keys(info).length === 0 && Object.keys(body).length === 2) {
      throw new CommandFailure('nothing to change was given', 'for example --param rpm=60', exitCodes.usage);
    }
    const answer = await client.send('PATCH', rehearsed(`/model/${encodeURIComponent(id)}/update`, options), body);
    return sayChange(`model ${textOf(answer.model_name)} (${id})`, answer, options, terminal);
  },
  async rm(client, { name, options, terminal }) {
    const typed = named('models', 'rm', name);
    const over = (await entriesAt(client, '/model/decommissioned')).some((entry) => idIn(entry) === typed);
    const id = over ? typed : idOf(await wantedModels(client, typed), 'rm');
    const answer = await client.send('POST', rehearsed('/model/delete', options), { id });
    return sayChange(`model ${name} (${id})`, answer, options, terminal);
  },
  async decommission(client, { name, options, terminal }) {
    const typed = named('models', 'decommission', name);
    const isBack = options['undo'] === true;
    const id = isBack ? typed : idOf(await wantedModels(client, typed), 'decommission');
    const body = { id, decommissioned: !isBack };
    const answer = await client.send('POST', rehearsed('/model/decommission', options), body);
    return sayChange(`model ${typed} (${id})`, answer, options, terminal);
  },
};

/** Takes a path that lists deployments; returns its entries. */
export async function entriesAt(client: GatewayClient, path: string): Promise<readonly JsonObject[]> {
  return listOf((await client.get(path)).data).filter(isObject);
}

/** Takes a name that clients call, or an id; returns its entries of /model/info. Throws CommandFailure when there is none. */
export async function wantedModels(client: GatewayClient, name: string): Promise<readonly JsonObject[]> {
  const entries = await entriesAt(client, '/model/info');
  const found = entries.filter((entry) => entry.model_name === name || idIn(entry) === name);
  if (found.length > 0) return found;
  throw new CommandFailure(`no model has the name or id ${name}`, '`plumbline models list` shows them');
}

/** One deployment is changed at a time: of a name with several the id is asked for. */
function idOf(entries: readonly JsonObject[], act: string): string {
  const byId = new Map(entries.map((entry) => [idIn(entry), entry]));
  const [id = ''] = byId.keys();
  if (byId.size === 1) return id;
  const ways = [...byId].map(([one, entry]) => `\`plumbline models ${act} ${one}\` (${describedBy(entry)})`);
  const says = `this name leads to ${byId.size} deployments; name one by its id`;
  throw new CommandFailure(says, ways.join(', '), exitCodes.usage);
}

function describedBy({ litellm_params: params, plumbline: ours }: JsonObject): string {
  const parts = [isObject(params) ? params.model : '', isObject(ours) ? ours.owner : ''];
  return printable(parts.join(', '));
}

function idIn({ model_info: info }: JsonObject): string {
  return isObject(info) ? (textOf(info.id) ?? '') : '';
}
