// Callbacks and guardrails of a config.yaml. Metrics and traces are there; what screens content is refused, the others listed.

import { suggestion } from './did-you-mean.ts';
import { knownCallbacks, screeningCallbacks } from './litellm-keys.ts';
import type { Desk, Section } from './litellm-section.ts';
import { ourVariable, variablesOf } from './options.ts';
import type { Tree } from './yaml-source.ts';
import { entryOf, isNothing, shown } from './yaml-values.ts';

const screens = 'not in force: guardrails are not built yet, so content would not be screened';

/** Takes the section guardrails and litellm_settings; reports each guardrail and callback. */
export function readGuards(desk: Desk, guardrails: Tree | undefined, library: Section): void {
  for (const item of guardrails === undefined ? [] : (desk.read.list(guardrails) ?? [])) readGuardrail(desk, item);
  const old = library.get('guardrails');
  for (const item of old === undefined ? [] : (desk.read.list(old) ?? [])) readOldGuardrail(desk, item);
  for (const key of ['callbacks', 'success_callback', 'failure_callback', 'service_callbacks']) {
    const tree = library.get(key);
    if (tree !== undefined) for (const item of tree.kind === 'list' ? tree.items : [tree]) readCallback(desk, item);
  }
}

/** A guardrail that runs on every request is refused; one that requests ask for by name is listed. */
function readGuardrail(desk: Desk, item: Tree): void {
  const parameters = entryOf(item, 'litellm_params')?.value;
  const always = entryOf(parameters, 'default_on')?.value ?? entryOf(item, 'default_on')?.value;
  if (always !== undefined && !isNothing(always) && desk.read.yesNo(always) !== false)
    desk.findings.refuse(item, screens, '');
  else desk.findings.notYet(item, 'not in force: guardrails are not built yet', '');
}

/** The old form: a dictionary of one name and its settings. */
function readOldGuardrail(desk: Desk, item: Tree): void {
  const settings = item.kind === 'dictionary' ? item.entries[0]?.value : undefined;
  const always = entryOf(settings, 'default_on')?.value;
  if (always !== undefined && desk.read.yesNo(always) !== false) desk.findings.refuse(item, screens, '');
  else desk.findings.notYet(item, 'not in force: guardrails are not built yet', '');
}

function readCallback(desk: Desk, item: Tree): void {
  const name = desk.read.text(item);
  if (name === undefined) return;
  if (screeningCallbacks.includes(name)) desk.findings.refuse(item, `${screens} by ${name}`, '');
  else if (name.includes('.'))
    desk.findings.notYet(
      item,
      'not in force: Python code does not run here',
      'what such hooks are used for (skills, guardrails, logging) becomes configuration; see docs/config.md',
    );
  else if (name === 'prometheus') return;
  else if (name === 'otel') readOtel(desk, item);
  else if (knownCallbacks.includes(name))
    desk.findings.notYet(item, `not in force: the callback ${name} is not built yet`, '');
  else {
    const known = [...screeningCallbacks, ...knownCallbacks];
    desk.findings.refuse(item, `unknown callback ${shown(item)}`, suggestion(name, known));
  }
}

/** Traces are on when there is a collector, whatever the file says. */
function readOtel(desk: Desk, item: Tree): void {
  if (variablesOf('otlpEndpoint').some((name) => desk.variables[name])) return;
  desk.findings.warning(item, 'no collector is named, so nothing is traced', `set ${ourVariable('otlpEndpoint')}`);
}
