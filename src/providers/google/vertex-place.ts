// Where a model of Vertex AI's is called: a project, a location, whose model it is, and the method.
// https://docs.cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.publishers.models
import { GatewayError } from '../../core/errors.ts';
import { textOf } from '../../core/json.ts';
import type { Upstream } from '../provider.ts';

/** LiteLLM's, where none is named. */
export const usualLocation = 'us-central1';

/** Takes a location; returns the address there: one for each region, one for each continent, one for the world. */
export function vertexAddress(location: string): string {
  if (location === 'global') return 'https://aiplatform.googleapis.com';
  if (location === 'us' || location === 'eu') return `https://aiplatform.${location}.rep.googleapis.com`;
  return `https://${location}-aiplatform.googleapis.com`;
}

/** The location that an address of Google's serves; no other would be answered there. */
function locationOf({ baseUrl, parameters }: Upstream): string {
  const { hostname } = new URL(baseUrl);
  if (hostname === 'aiplatform.googleapis.com') return 'global';
  const named = /^([a-z\d-]+)-aiplatform\.googleapis\.com$/.exec(hostname)?.[1];
  const wide = /^aiplatform\.([a-z]+)\.rep\.googleapis\.com$/.exec(hostname)?.[1];
  return named ?? wide ?? textOf(parameters.defaults?.vertex_location) ?? usualLocation;
}

/** Takes an upstream; true for a model of Anthropic's. */
export function isClaude({ model, info }: Upstream): boolean {
  return /\bclaude-/.test(info.base_model ?? model);
}

/** Takes an upstream; true for an open model that Google hosts, named with its maker (`meta/…`, `deepseek-ai/…`, `qwen/…`). */
export function isOpenModel({ model }: Upstream): boolean {
  return /^(?!(?:publishers|endpoints|models|gemini|google)\/)[\w.-]+\/./.test(model);
}

/**
 * Takes an upstream; returns the path that chats with all open models.
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/open-models/use-maas
 */
export function openModelPath(upstream: Upstream): string {
  return `${versionOf(upstream)}${placeOf(upstream)}/endpoints/openapi/chat/completions`;
}

/** Takes an upstream and a method; returns the path below the base address. Throws upstream_unauthorized without a project. */
export function vertexPath(upstream: Upstream, method: string): string {
  return `${versionOf(upstream)}${placeOf(upstream)}/${resourceOf(upstream)}:${method}`;
}

/** An address that already names a version is a proxy's; Google's own ends with its host. */
function versionOf({ baseUrl }: Upstream): string {
  return /\/v1(?:beta1)?$/.test(baseUrl) ? '' : '/v1';
}

/** An API key of express mode knows its project itself. */
function placeOf(upstream: Upstream): string {
  const project = textOf(upstream.parameters.defaults?.vertex_project);
  if (project !== undefined) {
    return `/projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(locationOf(upstream))}`;
  }
  if (upstream.credential.api_key?.isEmpty === false) return '';
  throw new GatewayError('upstream_unauthorized', {
    message: 'no Google Cloud project is known; set vertex_project, or VERTEXAI_PROJECT in the environment',
  });
}

/** A bare number is the endpoint of a model that was tuned or deployed by its owner. */
function resourceOf(upstream: Upstream): string {
  const { model } = upstream;
  const endpoint = /^(?:gemini\/|endpoints\/)?(\d+)$/.exec(model)?.[1];
  if (endpoint !== undefined) return `endpoints/${endpoint}`;
  const [, publisher, own = model] = /^publishers\/([^/]+)\/models\/(.+)$/.exec(model) ?? [];
  return `publishers/${publisher ?? (isClaude(upstream) ? 'anthropic' : 'google')}/models/${encodeURIComponent(own)}`;
}
