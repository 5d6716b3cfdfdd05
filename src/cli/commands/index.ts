// The catalogue of commands.
import type { Command } from '../command.ts';
import { adopt } from './adopt.ts';
import { aliases } from './aliases.ts';
import { apply } from './apply.ts';
import { check } from './check.ts';
import { config } from './config.ts';
import { credentials } from './credentials.ts';
import { diff } from './diff.ts';
import { exporting } from './exporting.ts';
import { models } from './models.ts';
import { secrets } from './secrets.ts';
import { serve } from './serve.ts';
import { usage } from './usage.ts';

export const commands: readonly Command[] = [
  serve,
  check,
  apply,
  diff,
  exporting,
  models,
  aliases,
  credentials,
  config,
  adopt,
  usage,
  secrets,
];
