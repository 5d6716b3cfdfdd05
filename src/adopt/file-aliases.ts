// The names of a config.yaml that stand for others, as they are written: the file's own reader leaves out those that lead to models of
// the database, which it cannot see.
import { parse } from 'yaml';
import { isObject, textOf } from '../core/json.ts';
import type { FileAlias } from './routing.ts';

/** Takes a file's text; returns router_settings.model_group_alias, or nothing when there is none that can be read. */
export function fileAliases(text: string): FileAlias[] {
  const section = sectionIn(text);
  return Object.entries(section).flatMap(([name, value]) => {
    const target = textOf(value) ?? (isObject(value) ? textOf(value.model) : undefined);
    const hidden = isObject(value) && value.hidden === true;
    return target === undefined ? [] : [{ name, target, hidden }];
  });
}

function sectionIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const file: unknown = parse(text);
    const router = isObject(file) ? file.router_settings : undefined;
    const section = isObject(router) ? router.model_group_alias : undefined;
    return isObject(section) ? section : {};
  } catch {
    return {}; // no YAML: `plumbline check` says where and why
  }
}
