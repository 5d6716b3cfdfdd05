// Routing as POST /config/update is given it, read by the same tables and readers as router_settings and litellm_settings of a file.
import type { JsonValue } from '../core/json.ts';
import { litellmSettings, routerSettings } from './litellm-keys.ts';
import { type Routing, readRouting } from './litellm-routing.ts';
import { type Desk, readSection } from './litellm-section.ts';
import { Findings, type Notice } from './notices.ts';
import { postedTree } from './posted-tree.ts';
import { Reader } from './yaml-values.ts';

export interface PostedSettings {
  readonly router_settings?: JsonValue;
  readonly litellm_settings?: JsonValue;
}

export interface SettingsReading {
  readonly routing: Routing;
  readonly notices: readonly Notice[];
}

/** Takes posted settings and the paths whose refusals were accepted at start; returns the routing they ask for, and every notice. */
export function readPostedSettings(posted: PostedSettings, accepted: readonly string[]): SettingsReading {
  const findings = new Findings(accepted);
  const desk: Desk = {
    findings,
    read: new Reader(findings),
    variables: {},
    readText: (path) => {
      throw new Error(`no file is read for the API: ${path}`);
    },
  };
  const router = readSection(
    desk,
    postedTree(posted.router_settings ?? null, 'router_settings', findings),
    routerSettings,
  );
  const library = readSection(
    desk,
    postedTree(posted.litellm_settings ?? null, 'litellm_settings', findings),
    litellmSettings,
  );
  const routing = readRouting(desk, router, library);
  return { routing, notices: findings.list() };
}
