// Where a model of Bedrock's is called: its id without LiteLLM's hints before it, its region, and the path of an operation.
// https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-use.html
import { GatewayError } from '../../core/errors.ts';
import { textOf } from '../../core/json.ts';
import type { Upstream } from '../provider.ts';

/** Which API LiteLLM was to use. Here chat always goes by Converse, which all models that chat have in common. */
const apiHint = /^(?:converse_like|converse|invoke)\//;
const regionHint = /^([a-z]{2}(?:-[a-z]+)+-\d+)\//;
const commitmentHint = /^\d+-month-commitment\//;
/** Whose model stands behind an ARN, which does not tell. */
const familyHint = /^([a-z][a-z\d_.-]*)\/(?=arn:)/;

export interface NamedModel {
  /** The model's id, an inference profile's, or an ARN. */
  readonly id: string;
  readonly region: string | undefined;
  readonly family: string | undefined;
}

/** Takes a model as configured (`converse/eu-west-1/anthropic.…`, `nova/arn:…`); returns what it names. */
export function namedModel(model: string): NamedModel {
  const named = model.replace(apiHint, '');
  const region = regionHint.exec(named)?.[1];
  const bare = named.replace(regionHint, '').replace(commitmentHint, '');
  const family = familyHint.exec(bare)?.[1];
  const id = bare.replace(familyHint, '');
  return { id, region: region ?? /^arn:[\w-]+:\w+:([a-z\d-]+):/.exec(id)?.[1], family };
}

/** `bedrock-runtime.us-east-1.amazonaws.com`, with `-fips`, behind a VPC endpoint, or with another ending. */
const regionalHost = /(?:^|\.)bedrock[a-z-]*\.([a-z]{2}(?:-[a-z]+)+-\d+)\./;

/**
 * Takes an upstream; returns the region requests are signed for: the address's, which no other would be let in at, else as
 * set, else the model's. Throws upstream_unauthorized.
 */
export function regionOf(upstream: Upstream): string {
  const { model, parameters } = upstream;
  const region = hostRegion(upstream) ?? textOf(parameters.defaults?.aws_region_name) ?? namedModel(model).region;
  if (region !== undefined) return region;
  throw new GatewayError('upstream_unauthorized', {
    message: 'no AWS region is known to sign for; set aws_region_name',
  });
}

function hostRegion({ baseUrl }: Upstream): string | undefined {
  return regionalHost.exec(new URL(baseUrl).hostname)?.[1];
}

/** Takes an upstream and an operation; returns the path below the base address. Throws field_unsupported for a model of another region. */
export function modelPath(upstream: Upstream, operation: 'converse' | 'converse-stream' | 'invoke'): string {
  const { id, region } = namedModel(upstream.model);
  const host = hostRegion(upstream);
  if (region !== undefined && host !== undefined && region !== host) {
    throw new GatewayError('field_unsupported', {
      field: 'model',
      message: `model: it is asked for in ${region}, and this deployment calls ${host}`,
    });
  }
  return `/model/${encodeURIComponent(id)}/${operation}`;
}
