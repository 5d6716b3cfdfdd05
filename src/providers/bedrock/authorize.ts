// Who calls: a bearer key of Bedrock's own, or a signature by the keys that the deployment names, its profile or role, or
// Amazon's usual order. https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html
import { GatewayError } from '../../core/errors.ts';
import { textOf } from '../../core/json.ts';
import { type AwsLogin, awsIdentity } from '../../kit/aws-identity.ts';
import { AwsSigner } from '../../kit/aws-signature.ts';
import type { Secret } from '../../kit/secret.ts';
import type { Call, Outgoing, Upstream } from '../provider.ts';
import { regionOf } from './place.ts';

type Headers = Readonly<Record<string, string | Secret>>;

/** Takes the call; returns the bearer's header when there is a key of Bedrock's own. */
export function bearer({ upstream }: Call): Record<string, Secret> {
  const key = ownKey(upstream);
  return key === undefined ? {} : { authorization: key.prefixed('Bearer ') };
}

/** Takes the call and what goes out; returns the signature's headers, none beside a bearer. Throws upstream_unauthorized. */
export async function authorize(call: Call, outgoing: Outgoing): Promise<Headers> {
  if (ownKey(call.upstream) !== undefined) return {};
  const signer = signerFor(call.upstream);
  const headers = { 'content-type': 'application/json' };
  try {
    return await signer.sign({ ...outgoing, headers }, call.now);
  } catch (cause) {
    const message =
      'no AWS credential is at hand; give aws_access_key_id and aws_secret_access_key, a profile, a role, or a Bedrock API key';
    throw new GatewayError('upstream_unauthorized', { message, cause });
  }
}

function ownKey({ credential }: Upstream): Secret | undefined {
  const key = credential.api_key;
  return key === undefined || key.isEmpty ? undefined : key;
}

/** Signers keep what they have derived and borrowed, as long as the deployment's credential stands. */
const signers = new WeakMap<Upstream['credential'], Map<string, AwsSigner>>();

function signerFor(upstream: Upstream): AwsSigner {
  const known = signers.get(upstream.credential) ?? new Map<string, AwsSigner>();
  signers.set(upstream.credential, known);
  const login = loginOf(upstream);
  // Secrets write themselves as a mark; which ones they are is told by the credential.
  const name = JSON.stringify(login);
  const signer = known.get(name) ?? new AwsSigner(awsIdentity(login), { region: login.region, service: 'bedrock' });
  known.set(name, signer);
  return signer;
}

function loginOf(upstream: Upstream): AwsLogin {
  const { credential } = upstream;
  const set = upstream.parameters.defaults ?? {};
  const { aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey } = credential;
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    const message = 'aws_access_key_id and aws_secret_access_key are only good together';
    throw new GatewayError('upstream_unauthorized', { message });
  }
  return {
    region: regionOf(upstream),
    accessKeyId,
    secretAccessKey,
    sessionToken: credential.aws_session_token,
    webIdentityToken: credential.aws_web_identity_token,
    profile: textOf(set.aws_profile_name),
    role: textOf(set.aws_role_name),
    roleSession: textOf(set.aws_session_name),
    externalId: textOf(set.aws_external_id),
    stsEndpoint: textOf(set.aws_sts_endpoint),
  };
}
