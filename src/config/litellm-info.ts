// model_info of an entry: open, every field is kept and shown again; the fields that mean something are checked.
import type { ModelInfo } from '../core/records.ts';
import { nearMiss, suggestion } from './did-you-mean.ts';
import { modelInfoFields, modes, priceFields } from './litellm-keys.ts';
import type { Desk } from './litellm-section.ts';
import type { Entry, Tree } from './yaml-source.ts';
import { isNothing, jsonObjectOf, shown } from './yaml-values.ts';

/** Takes model_info and litellm_params.base_model; returns the fields, the base model among them. */
export function readInfo(desk: Desk, tree: Tree | undefined, base: Tree | undefined): ModelInfo {
  const dictionary = tree === undefined ? undefined : desk.read.dictionary(tree);
  for (const entry of dictionary?.entries ?? []) checkField(desk, entry);
  const baseModel = base === undefined ? undefined : desk.read.text(base);
  return {
    ...(baseModel === undefined ? {} : { base_model: baseModel }),
    ...(dictionary === undefined ? {} : jsonObjectOf(dictionary)),
  };
}

/** Takes the fields; returns the id they give, or undefined. */
export function idIn(info: ModelInfo): string | undefined {
  const isGiven = (typeof info.id === 'string' && info.id !== '') || typeof info.id === 'number';
  return isGiven ? String(info.id) : undefined;
}

const checks: Readonly<Record<string, (desk: Desk, entry: Entry) => void>> = {
  id: (desk, { value }) => desk.read.loose(value),
  base_model: (desk, { value }) => desk.read.text(value),
  max_input_tokens: (desk, { value }) => desk.read.whole(value),
  max_output_tokens: (desk, { value }) => desk.read.whole(value),
  mode: (desk, { value }) => checkMode(desk, value),
  team_id: (desk, entry) =>
    desk.findings.refuse(entry, 'not in force: teams are not built yet, so every key could call this deployment', ''),
  access_groups: (desk, entry) =>
    desk.findings.notYet(entry, 'not in force: keys name models, not access groups, yet', ''),
  ...Object.fromEntries(priceFields.map((field) => [field, (desk: Desk, { value }: Entry) => desk.read.number(value)])),
};

function checkField(desk: Desk, entry: Entry): void {
  const near = modelInfoFields.includes(entry.key) ? undefined : nearMiss(entry.key, modelInfoFields);
  if (near !== undefined)
    desk.findings.warning(entry, `${entry.key} is not known; it is kept as it is`, `did you mean ${near}?`);
  const check = Object.hasOwn(checks, entry.key) ? checks[entry.key] : undefined;
  if (!isNothing(entry.value)) check?.(desk, entry);
}

function checkMode(desk: Desk, tree: Tree): void {
  const mode = desk.read.text(tree);
  if (mode === undefined || modes.includes(mode)) return;
  const mend = suggestion(mode, modes) || `known are ${modes.join(', ')}`;
  desk.findings.error(tree, `unknown mode ${shown(tree)}`, mend);
}
