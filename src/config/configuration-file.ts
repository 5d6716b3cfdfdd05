// A configuration file of either form, told apart by its top level: LiteLLM's config.yaml, or our own smaller one. Both lead into the same
// Declaration. Never throws for content; nothing in the file is silently ignored.
import { readFileSync } from 'node:fs';
import type { FileOptions, FileReading } from './file-reading.ts';
import { readLitellmFile } from './litellm-file.ts';
import { readWithIncludes } from './litellm-include.ts';
import { Findings } from './notices.ts';
import { readPlumblineFile } from './plumbline-file.ts';
import type { Dictionary } from './yaml-source.ts';
import { entryOf } from './yaml-values.ts';

/** Takes the path of a configuration file; returns what it declares and every notice. With an error among them, do not start. */
export function readConfigurationFile(path: string, options: FileOptions): FileReading {
  const findings = new Findings(options.accepted ?? []);
  const readText = options.readText ?? ((wanted: string): string => readFileSync(wanted, 'utf8'));
  const opened = { path, ...readWithIncludes(path, findings, readText), findings, readText };
  return isOurs(opened.top) ? readPlumblineFile(opened, options) : readLitellmFile(opened, options);
}

function isOurs(top: Dictionary | undefined): boolean {
  const has = (key: string): boolean => entryOf(top, key) !== undefined;
  return has('plumbline') || (has('models') && !has('model_list'));
}
