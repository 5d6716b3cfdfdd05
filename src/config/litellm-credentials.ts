// The section credential_list: secrets with a name that deployments refer to by litellm_credential_name.
import { Secret } from '../kit/secret.ts';
import { isSecretField } from './litellm-keys.ts';
import { type Desk, readSection } from './litellm-section.ts';
import type { Located } from './notices.ts';
import type { Entry, Tree } from './yaml-source.ts';

export interface NamedCredential {
  readonly at: Located;
  readonly name: string;
  readonly secrets: Readonly<Record<string, Secret>>;
  /** What it holds beside secrets (api_base, api_version): laid under the deployment's own parameters. */
  readonly plain: readonly Entry[];
}

const row = { status: 'honoured', says: '' } as const;
const described = { status: 'already', says: 'it only describes' } as const;
const rows = { credential_name: row, credential_values: row, credential_info: described };

/** Takes the section; returns its credentials by name. Two of one name are an error. */
export function readCredentialList(desk: Desk, tree: Tree | undefined): ReadonlyMap<string, NamedCredential> {
  const credentials = new Map<string, NamedCredential>();
  for (const item of tree === undefined ? [] : (desk.read.list(tree) ?? [])) {
    const credential = readCredential(desk, item);
    if (credential === undefined) continue;
    const before = credentials.get(credential.name)?.at.place;
    if (before === undefined) credentials.set(credential.name, credential);
    else desk.findings.error(item, `a credential of this name stands at line ${before.line} already`, 'keep one');
  }
  return credentials;
}

function readCredential(desk: Desk, item: Tree): NamedCredential | undefined {
  const section = readSection(desk, item, rows);
  const nameTree = section.get('credential_name');
  if (nameTree === undefined) desk.findings.error(item, 'credential_name is missing', 'give it a name');
  const name = nameTree === undefined ? undefined : desk.read.text(nameTree);
  const values = section.get('credential_values');
  if (name === undefined) return undefined;
  const entries = values === undefined ? [] : (desk.read.dictionary(values)?.entries ?? []);
  const secrets: Record<string, Secret> = {};
  const isSecret = ({ key }: Entry): boolean => isSecretField(key) || key.startsWith('header:');
  for (const { key, value } of entries.filter(isSecret)) {
    const text = secretText(desk, value);
    if (text !== undefined) secrets[key] = new Secret(text);
  }
  return { at: item, name, secrets, plain: entries.filter((entry) => !isSecret(entry)) };
}

/** Takes a secret's tree; returns its text (a dictionary, such as a service account's JSON, as text), or undefined when empty. */
export function secretText(desk: Desk, tree: Tree): string | undefined {
  if (tree.kind !== 'scalar') return JSON.stringify(desk.read.object(tree));
  if (tree.value === null || tree.value === '') return undefined;
  const text = String(tree.value);
  if (/^oidc\//.test(text)) {
    desk.findings.error(
      tree,
      'references to identity tokens (oidc/...) are not understood yet',
      'give the secret itself',
    );
    return undefined;
  }
  return text;
}
