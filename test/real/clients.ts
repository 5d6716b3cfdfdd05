// The client libraries the end-to-end tests use. They live in this folder's node_modules, which may still have to be made,
// so load this file by `await import()` after `ensureRealParts()`, or by realClients() of the end-to-end stage.
export { createOpenAICompatible } from '@ai-sdk/openai-compatible';
export { default as Anthropic } from '@anthropic-ai/sdk';
export { embedMany, generateText, streamText } from 'ai';
export { Ajv2020 } from 'ajv/dist/2020.js';
export { default as OpenAI } from 'openai';
