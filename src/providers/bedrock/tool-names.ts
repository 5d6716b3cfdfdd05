// Names and ids of tools as Converse takes them: letters, digits, _ and -, at most 64. Others are rewritten on the way there
// and put back on the way home. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolSpecification.html
import { hash } from 'node:crypto';
import type { Call } from '../provider.ts';

const longest = 64;
const fitting = /^[a-zA-Z0-9_-]{1,64}$/;

/** Rewritten → as the client calls it, for each call that is under way. */
const rewritten = new WeakMap<Call, Map<string, string>>();

/** Takes a client's name for a tool and the call; returns the name to send. */
export function sentName(name: string, call: Call): string {
  if (fitting.test(name)) return name;
  const sent = fitted(name);
  const known = rewritten.get(call) ?? new Map<string, string>();
  rewritten.set(call, known.set(sent, name));
  return sent;
}

/** Takes a name as the model says it and the call; returns the client's. */
export function clientName(sent: string, call: Call): string {
  return rewritten.get(call)?.get(sent) ?? sent;
}

/** Takes the id of a call; returns the one to send. The same on the call and on its result, so they stay together. */
export function sentId(id: string): string {
  return fitting.test(id) ? id : fitted(id);
}

/** The end is a hash of the whole, so no two become one. */
function fitted(text: string): string {
  const mark = `_${hash('sha256', text, 'hex').slice(0, 8)}`;
  return text.replace(/[^\w-]/g, '_').slice(0, longest - mark.length) + mark;
}
