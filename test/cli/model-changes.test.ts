// Models, credentials and aliases, added, changed and removed by a person at a terminal beside a gateway that runs.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openServer, type Server } from '../../src/http/server.ts';
import { masterKey, question } from '../system/house.ts';
import { type ManagedHouse, openManagedHouse } from '../system/managed-house.ts';
import { scratch } from './running.ts';
import { type Said, typed } from './typed.ts';

const { folder, remove } = scratch();
const keyFile = join(folder, 'openai-key');
let managed: ManagedHouse;
let server: Server;

before(async () => {
  writeFileSync(keyFile, 'sk-file-canary\n', { mode: 0o600 });
  managed = await openManagedHouse({ variables: { OPENAI_API_KEY: 'sk-environment-canary' } });
  const options = { host: '127.0.0.1', port: 0, bodyLimit: 100_000, keepAliveMs: 1_000, pingMs: 15_000 };
  server = await openServer(options, managed.house.site.routes, managed.house.site.edge);
});
after(async () => {
  await server.drain(0);
  await managed.close();
  remove();
});

async function type(words: string): Promise<Said> {
  const said = await typed(words.split(' '), { HOME: folder, PLUMBLINE_URL: server.url, PLUMBLINE_KEY: masterKey });
  assert.doesNotMatch(said.output + said.errors, /canary|pl1:/, words);
  return said;
}

async function well(words: string): Promise<string> {
  const { code, output, errors } = await type(words);
  assert.equal(code, 0, words + errors);
  return output;
}

async function refused(words: string, code: number, says: RegExp): Promise<void> {
  const said = await type(words);
  assert.equal(said.code, code, words + said.errors);
  assert.match(said.errors, says);
}

async function keyShown(name: string): Promise<string | undefined> {
  await managed.house.ask('/v1/chat/completions', { ...question, model: name });
  return managed.house.received.at(-1)?.headers['authorization'];
}

test('a model is added, shown, changed and removed, its key read from a file', async () => {
  const rehearsed = await well(`models add chat --model openai/gpt-4o --secret api_key=${keyFile} --dry-run`);
  assert.match(rehearsed, /^model chat \(.+\): added \(rehearsed: nothing was changed\)$/m);
  assert.equal(await well('models list'), 'no models\n');
  const added = await well(
    `models add chat --model openai/gpt-4o --param rpm=60 tags=["a"] --secret api_key=${keyFile}`,
  );
  assert.match(added, /^model chat \(.+\): added$/m);
  assert.equal(await keyShown('chat'), 'Bearer sk-file-canary');
  const again = await well(`models add chat --model openai/gpt-4o --param tags=["a"] --secret api_key=${keyFile}`);
  assert.match(again, /there already, nothing was changed/);
  assert.match(await well('models edit chat --param rpm=120 --info mode=chat'), /: changed$/m);
  const shown = await well('models show chat');
  assert.match(shown, /^rpm +120$/m);
  assert.match(shown, /^owner +api$/m);
  assert.match(await well('models edit chat --unset litellm_params.rpm --rename talk'), /^model talk /);
  assert.doesNotMatch(await well('models show talk'), /^rpm/m);
  assert.match(await well('models rm talk'), /: deleted$/m);
  assert.equal(await well('models list'), 'no models\n');
});

test('of a name with several deployments one is named by its id', async () => {
  await well('models add pair --model openai/one');
  await well('models add pair --model openai/two');
  await refused('models rm pair', 2, /leads to 2 deployments; name one by its id[\s\S]*\(openai\/two, api\)/);
  const entries = JSON.parse(await well('models show pair --json')) as { model_info: { id: string } }[];
  for (const { model_info: info } of entries) await well(`models rm ${info.id}`);
  await refused('models show pair', 1, /no model has the name or id pair/);
});

test('a model that is decommissioned is served no more, is listed apart, and comes back', async () => {
  await well('models add worn --model openai/one');
  await refused('models decommission worn', 1, /the alias worn would be left without a deployment/);
  await well('models add worn --model openai/two');
  const entries = JSON.parse(await well('models show worn --json')) as { model_info: { id: string } }[];
  const [first = '', second = ''] = entries.map(({ model_info: info }) => info.id);
  assert.match(await well(`models decommission ${first} --dry-run`), /rehearsed/);
  assert.match(await well(`models decommission ${first}`), /: decommissioned$/m);
  assert.doesNotMatch(await well('models list'), /openai\/one/);
  assert.match(await well('models list --decommissioned'), /^worn +openai\/one +api +decommissioned 20\d\d-/m);
  await refused(`models edit ${first} --param rpm=1`, 1, /no model has the name or id/);
  const told = await managed.send('PATCH', `/model/${first}/update`, { litellm_params: { rpm: 1 } });
  assert.match(told.text, /is decommissioned; take it back into service first/);
  await refused(`models rm ${second}`, 1, /would be left with what is decommissioned/);
  assert.match(await well(`models decommission ${first} --undo`), /: in service again$/m);
  assert.match(await well('models list'), /openai\/one/);
  await well(`models decommission ${first}`);
  await well(`models rm ${first}`);
  assert.equal(await well('models list --decommissioned'), 'no models\n');
  await well(`models rm ${second}`);
});

test('a credential is stored by file or by reference, shared by models, and not removed under them', async () => {
  await well(`credentials add mine --secret api_key=${keyFile}`);
  await well('models add shared --model openai/x --credential mine');
  assert.equal(await keyShown('shared'), 'Bearer sk-file-canary');
  assert.match(await well('credentials list'), /^mine +api +api_key +1$/m);
  await well('credentials edit mine --reference api_key=os.environ/OPENAI_API_KEY');
  assert.equal(await keyShown('shared'), 'Bearer sk-environment-canary');
  await refused('credentials rm mine', 1, /is what shared \(.+\) is called with/);
  await well('models rm shared');
  assert.match(await well('credentials rm mine'), /^credential mine: deleted$/m);
});

test('an alias is added, routed and removed', async () => {
  await well('models add first --model openai/one');
  await well('models add second --model openai/two');
  assert.match(await well('aliases add fast --target first'), /^alias fast: added$/m);
  await well('aliases edit first --fallbacks second --strategy least-busy');
  assert.match(await well('aliases list'), /^first +api +1 deployment +served +least-busy +second$/m);
  await refused('aliases edit fast --fallbacks nobody', 1, /there is no model nobody/);
  await refused('models rm second', 1, /the alias first would point at it/);
  await refused('aliases rm first', 1, /the alias first has deployments/);
  await well('aliases edit first --fallbacks none --strategy none --hidden yes');
  assert.match(await well('aliases list'), /^first +api +1 deployment +served, hidden +- +-$/m);
  await well('aliases rm fast');
  await well('models rm first');
  await well('models rm second');
});

test('a secret is not taken from the command line, and wrong words end with 2', async () => {
  for (const [words, says] of [
    [
      'models add x --model openai/x --param api_key=sk-canary-typed',
      /api_key is a secret, and a command line can be read/,
    ],
    ['credentials add x --reference api_key=sk-canary-typed', /put it into a file and write --secret api_key=FILE/],
    [`credentials add x --secret api_key=${join(folder, 'none')}`, /cannot be read \(ENOENT\)/],
    ['credentials add x', /no field was given/],
    ['models add x --param rpm', /--param takes name=value, not rpm/],
    ['models add', /plumbline models add needs a name/],
    ['aliases edit x', /nothing to change was given/],
    ['aliases add x --target y --hidden perhaps', /--hidden takes yes or no/],
  ] as const) {
    const { code, errors } = await typed(words.split(' '), { PLUMBLINE_URL: server.url, PLUMBLINE_KEY: masterKey });
    assert.equal(code, 2, words + errors);
    assert.match(errors, says);
    assert.doesNotMatch(errors, /canary/);
  }
});

test('what the gateway refuses is told in its words', async () => {
  await refused('models add x --model nobody/x', 1, /unknown provider in nobody\/x/);
  await refused('models add x --model openai/x --param rmp=3', 1, /did you mean rpm/);
  await refused('models add x --model openai/x --api-base http://169.254.169.254/v1', 1, /may not be called/);
  await refused('models add x --model openai/x --credential nobody', 1, /there is no credential nobody/);
});
