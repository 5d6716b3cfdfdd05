// OpenAI's published schema as a judge of bodies. Its document is data from outside the tree, and its compiler belongs to the
// real parts; without either the tests that need it are skipped with a reason, or fail when PLUMBLINE_TEST_STRICT is 1.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const document = `${process.env['PLUMBLINE_TEST_DATA']}/schemas/openai-openapi.json`;
const parts = new URL('../real/node_modules/ajv', import.meta.url);
const strict = process.env['PLUMBLINE_TEST_STRICT'] === '1';

/** Takes the name of a schema and a value; fails with every complaint. */
export type Judge = (schema: string, value: unknown) => void;

/** Takes a test's name and body; runs it with the judge when there is one. */
export function judgedTest(name: string, run: (accepts: Judge) => void): void {
  const lacking = existsSync(document)
    ? existsSync(parts)
      ? false
      : 'the real parts are not installed'
    : 'PLUMBLINE_TEST_DATA names no folder with the schema';
  test(name, { skip: strict ? false : lacking }, async () => run(await judge()));
}

async function judge(): Promise<Judge> {
  const { Ajv2020 } = await import('../real/clients.ts');
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(withoutNullable(JSON.parse(readFileSync(document, 'utf8'))) as Record<string, unknown>, 'openai');
  return (schema, value) => {
    const check = ajv.getSchema(`openai#/components/schemas/${schema}`);
    assert.ok(check, `${schema} stands in the document`);
    if (!check(value)) assert.fail(`${schema}: ${ajv.errorsText(check.errors)}\n${JSON.stringify(value)}`);
  };
}

/** OpenAPI 3.1 has no `nullable`, yet the published file still has it: it becomes a null among the types and values. */
function withoutNullable(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutNullable);
  if (typeof node !== 'object' || node === null) return node;
  const { nullable, ...copy } = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, withoutNullable(value)]),
  ) as Record<string, unknown>;
  if (nullable !== true) return copy;
  if (Array.isArray(copy['enum'])) copy['enum'] = [...copy['enum'], null];
  return typeof copy['type'] === 'string'
    ? { ...copy, type: [copy['type'], 'null'] }
    : { anyOf: [copy, { type: 'null' }] };
}
