// The rules of the house (ARCHITECTURE.md), checked on the real tree, and each tried on faults planted on purpose.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHouse, readTexts } from './house/house.ts';
import { rules } from './house/rules.ts';

const house = openHouse(readTexts());

/** A little house in which every rule holds; the plants spoil it one at a time. */
const healthy: Readonly<Record<string, string>> = {
  'src/main.ts':
    "// The entry.\nimport { providers } from './providers/index.ts';\nimport { clock } from './kit/clock.ts';\nprocess.exit(providers.length + clock());\n",
  'src/kit/clock.ts': '// Time.\n\n/** Returns now. */\nexport const clock = () => 1;\n',
  'src/core/errors.ts': '// Errors.\nexport const errors = 1;\n',
  'src/providers/provider.ts': '// The contract.\nexport type Provider = number;\n',
  'src/providers/groq.ts':
    "// Groq.\nimport { errors } from '../core/errors.ts';\nimport type { Provider } from './provider.ts';\nexport const groq: Provider = errors;\n",
  'src/providers/index.ts': "// The catalogue.\nimport { groq } from './groq.ts';\nexport const providers = [groq];\n",
  'test/groq.test.ts': "// Groq's test.\ntest('it answers', { skip: 'no model' }, () => {});\n",
};

for (const rule of rules) {
  test(rule.name, () => {
    const faults = rule.faults(house);
    assert.equal(faults.length, 0, `\n  ${faults.join('\n  ')}\n`);
  });

  for (const plant of rule.plants) {
    test(`planted: ${plant.says}`, () => {
      assert.deepEqual(rule.faults(openHouse(new Map(Object.entries(healthy)))), []);
      const spoiled = openHouse(new Map(Object.entries({ ...healthy, ...plant.files })));
      assert.deepEqual(rule.faults(spoiled), [plant.says]);
    });
  }
}
