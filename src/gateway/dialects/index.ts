// The catalogue of client dialects.
import { anthropic } from './anthropic.ts';
import { openai } from './openai.ts';

export const dialects = { openai, anthropic } as const;
