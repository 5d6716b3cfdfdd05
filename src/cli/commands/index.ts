// The catalogue of commands.
import type { Command } from '../command.ts';
import { check } from './check.ts';
import { secrets } from './secrets.ts';
import { serve } from './serve.ts';
import { usage } from './usage.ts';

export const commands: readonly Command[] = [serve, check, usage, secrets];
