// A value as YAML text that our reader reads as that very value. Invariant: a text stays a text, also where YAML 1.1 and PyYAML would take it
// for yes, no or a number (yaml-source.ts reads those as they do).
import { Document, isScalar, visit } from 'yaml';
import type { JsonObject } from '../core/json.ts';

const mistakable = /^(yes|no|on|off|[-+]?[\d.][\d_.:]*)$/i;

/** Takes an object; returns it as YAML, long texts on one line. */
export function yamlText(value: JsonObject): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      if (isScalar(node) && typeof node.value === 'string' && mistakable.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 });
}
