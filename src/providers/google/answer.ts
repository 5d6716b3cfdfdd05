// Google's whole answer → a chat.completion. A prompt that was blocked is an answer without words that ended by the filter.
// https://ai.google.dev/api/generate-content#generatecontentresponse
import type { ChatChoice, ChatCompletion, ChatMessage } from '../../core/chat.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf } from '../../core/json.ts';
import { usageToOpenAi } from '../../core/usage.ts';
import type { Call } from '../provider.ts';
import { garbled } from '../upstream-failure.ts';
import {
  besideFields,
  blockedPrompt,
  finishReason,
  isNothing,
  logProbabilities,
  refuseGivenUp,
  type Said,
  saidBy,
  thinkingBlocks,
} from './said.ts';
import { googleUsage } from './usage.ts';

/** Takes the answer and the call; returns it in our words. Throws upstream_garbled. */
export function generatedCompletion(body: JsonValue, call: Call): ChatCompletion {
  if (!isObject(body)) throw garbled('gemini', 'an answer that is not an object');
  const candidates = listOf(body.candidates).filter(isObject);
  const blocked = blockedPrompt(body);
  if (candidates.length === 0 && blocked === null) throw garbled('gemini', 'an answer without a candidate');
  const usage = googleUsage(body);
  return {
    id: call.newId('chatcmpl-'),
    object: 'chat.completion',
    created: Math.floor(call.now / 1000),
    model: call.upstream.model,
    choices: blocked === null ? candidates.map((candidate, at) => choiceOf(candidate, at, call)) : [refused(blocked)],
    ...(usage === null ? {} : { usage: usageToOpenAi(usage) }),
  };
}

function choiceOf(candidate: JsonObject, at: number, call: Call): ChatChoice {
  const said = saidBy(candidate, call);
  const finish = finishReason(candidate, said.calls.length > 0);
  if (isNothing(said)) {
    if (finish === null) throw garbled('gemini', 'a candidate that says nothing, not even why it ended');
    refuseGivenUp(candidate);
  }
  return {
    index: numberOf(candidate.index) ?? at,
    message: { ...messageOf(said), ...besideFields(candidate, said) },
    logprobs: logProbabilities(candidate.logprobsResult),
    finish_reason: finish ?? (said.calls.length > 0 ? 'tool_calls' : 'stop'),
  };
}

function messageOf(said: Said): ChatMessage {
  const thinking = thinkingBlocks(said);
  return {
    role: 'assistant',
    content: said.text === '' && said.calls.length > 0 ? null : said.text,
    refusal: null,
    ...(said.calls.length > 0 ? { tool_calls: said.calls } : {}),
    ...(said.thought === '' ? {} : { reasoning_content: said.thought }),
    ...(thinking.length > 0 ? { thinking_blocks: thinking } : {}),
    ...(said.images.length > 0 ? { images: said.images } : {}),
    ...(said.audio === undefined ? {} : { audio: said.audio }),
  };
}

function refused(promptFeedback: JsonObject): ChatChoice {
  return {
    index: 0,
    message: {
      role: 'assistant',
      content: '',
      refusal: null,
      provider_specific_fields: { prompt_feedback: promptFeedback },
    },
    logprobs: null,
    finish_reason: 'content_filter',
  };
}
