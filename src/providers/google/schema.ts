// JSON Schema → the part of OpenAPI's that Google takes: references are put in place, types joined with null become
// nullable, and words Google refuses are left out. Invariant: what is left never forbids what the schema allows.
// https://ai.google.dev/api/caching#Schema
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';

/** Words that mean the same there and need no work. */
const plain = [
  'title',
  'description',
  'nullable',
  'default',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minLength',
  'maxLength',
  'pattern',
  'minimum',
  'maximum',
  'propertyOrdering',
];

const formats: Readonly<Record<string, readonly string[]>> = {
  string: ['date-time', 'enum'],
  number: ['float', 'double'],
  integer: ['int32', 'int64'],
};

/** Takes a JSON Schema; returns Google's. A schema that holds itself is cut where it comes round again. */
export function googleSchema(schema: JsonObject): JsonObject {
  return cleaned(schema, schema, []);
}

function inside(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}

/** `root` is the whole schema, in which references are looked up; `path` are the references that led here. */
function cleaned(schema: JsonValue, root: JsonObject, path: readonly string[]): JsonObject {
  if (!isObject(schema)) return {};
  const reference = textOf(schema.$ref);
  if (reference !== undefined) return referred(reference, schema, root, path);
  const merged = listOf(schema.allOf).reduce<JsonObject>(
    (sum, part) => joined(sum, inside(part)),
    withoutAllOf(schema),
  );
  if (merged.$ref !== undefined) return cleaned(merged, root, path);
  const { types, isNullable } = typesOf(merged);
  const [type] = types;
  const made: Record<string, JsonValue | undefined> = {};
  for (const word of plain) if (merged[word] !== undefined) made[word] = merged[word];
  if (isNullable) made.nullable = true;
  const below = (one: JsonValue): JsonObject => cleaned(one, root, path);
  const choices = listOf(merged.anyOf ?? merged.oneOf);
  if (choices.length > 0) return withChoices(made, choices.map(below), isNull(choices));
  if (types.length > 1)
    return withChoices(
      made,
      types.map((one) => below({ ...merged, type: one })),
      false,
    );
  if (type === undefined) return { ...made, ...enumerated(merged, undefined) };
  made.type = type;
  if (formats[type]?.includes(textOf(merged.format) ?? '') === true) made.format = merged.format;
  if (type === 'array') made.items = itemsOf(merged, below);
  if (type === 'object') Object.assign(made, propertiesOf(merged, below));
  return { ...made, ...enumerated(merged, type) };
}

function referred(reference: string, schema: JsonObject, root: JsonObject, path: readonly string[]): JsonObject {
  const target = placeIn(root, reference);
  const description = textOf(schema.description);
  const named = description === undefined ? {} : { description };
  if (path.includes(reference) || !isObject(target)) return { type: 'object', ...named };
  return { ...cleaned(target, root, [...path, reference]), ...named };
}

/** A reference is a JSON pointer into the schema (RFC 6901), as a rule to a definition; else its end is a definition's name. */
function placeIn(root: JsonObject, reference: string): JsonValue | undefined {
  const steps = reference.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const found = steps[0] === '#' ? steps.slice(1).reduce<JsonValue | undefined>(within, root) : undefined;
  const name = steps.at(-1) ?? '';
  return found ?? within(root.$defs, name) ?? within(root.definitions, name);
}

function within(place: JsonValue | undefined, step: string): JsonValue | undefined {
  if (Array.isArray(place)) return listOf(place)[Number(step)];
  return isObject(place) && Object.hasOwn(place, step) ? place[step] : undefined;
}

function withoutAllOf({ allOf: _, ...rest }: JsonObject): JsonObject {
  return rest;
}

function joined(one: JsonObject, other: JsonObject): JsonObject {
  const properties = { ...inside(one.properties), ...inside(other.properties) };
  const required = [...listOf(one.required), ...listOf(other.required)];
  return {
    ...other,
    ...one,
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(required.length > 0 ? { required } : {}),
  };
}

interface Types {
  readonly types: readonly string[];
  readonly isNullable: boolean;
}

function typesOf(schema: JsonObject): Types {
  const said = (Array.isArray(schema.type) ? listOf(schema.type) : [schema.type]).map(textOf);
  const types = said.filter((type) => type !== undefined && type !== 'null');
  const guessed = types.length > 0 || said.includes('null') ? types : [guessedType(schema)];
  return { types: guessed.filter((type) => type !== undefined), isNullable: said.includes('null') };
}

function guessedType(schema: JsonObject): string | undefined {
  if (isObject(schema.properties)) return 'object';
  if (schema.items !== undefined || schema.prefixItems !== undefined) return 'array';
  const values = Array.isArray(schema.enum) ? schema.enum : [schema.const];
  return values.every((value) => typeof value === 'string') ? 'string' : undefined;
}

function isNull(choices: readonly JsonValue[]): boolean {
  return choices.some((choice) => isObject(choice) && choice.type === 'null');
}

/** A choice between something and null is that something, nullable. */
function withChoices(made: JsonObject, choices: readonly JsonObject[], hasNull: boolean): JsonObject {
  const kept = choices.filter((choice) => !(choice.nullable === true && choice.type === undefined));
  const beside = hasNull ? { ...made, nullable: true } : made;
  const [only] = kept;
  if (kept.length === 1 && only !== undefined) return { ...only, ...beside };
  return kept.length === 0 ? beside : { ...beside, anyOf: kept };
}

/** Google wants to know what a list holds. */
function itemsOf(schema: JsonObject, below: (one: JsonValue) => JsonObject): JsonObject {
  const tuple = Array.isArray(schema.items) ? listOf(schema.items) : listOf(schema.prefixItems);
  const items = tuple.length > 0 ? withChoices({}, tuple.map(below), isNull(tuple)) : below(schema.items ?? {});
  return Object.keys(items).length === 0 ? { type: 'object' } : items;
}

/** Google refuses an object whose properties are there and empty, and required properties that are not there. */
function propertiesOf(schema: JsonObject, below: (one: JsonValue) => JsonObject): JsonObject {
  const entries = Object.entries(inside(schema.properties)).map(([name, one]) => [name, below(one ?? {})] as const);
  if (entries.length === 0) return {};
  const names = new Set(entries.map(([name]) => name));
  const required = listOf(schema.required).filter((name) => typeof name === 'string' && names.has(name));
  const properties = Object.fromEntries(entries);
  return required.length === 0 ? { properties } : { properties, required: [...new Set(required)] };
}

/** Google's lists of values hold texts only; others are told to the model in words. */
function enumerated(schema: JsonObject, type: string | undefined): JsonObject {
  const values = schema.const === undefined ? listOf(schema.enum) : [schema.const];
  if (values.length === 0) return {};
  const texts = values.filter((value) => typeof value === 'string' && value !== '');
  if (type === 'string' && texts.length === values.length) return { enum: texts };
  const words = `One of: ${values.map((value) => JSON.stringify(value)).join(', ')}`;
  const before = textOf(schema.description);
  return { description: before === undefined ? words : `${before} ${words}` };
}
