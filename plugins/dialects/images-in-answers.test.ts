import { describe, expect, it } from 'vitest';
import { chatRequest } from '../../test/fakes/requests.ts';
import type { DialectName, ModelRequest } from '../model/request.ts';
import { dialects } from './registry.ts';

// A model that makes images answers with them amid its words. Every client is told, in the place nearest to one.

const parts = [
  { text: 'draft', thought: true },
  { inlineData: { mimeType: 'image/png', data: 'ZHJhZnQ=' }, thought: true },
  { text: 'Here:' },
  { inlineData: { mimeType: 'image/png', data: 'AAEC' } },
];
const answer = { candidates: [{ index: 0, content: { role: 'model', parts }, finishReason: 'STOP' }] };

const told = (to: DialectName, stream: boolean): string => {
  const request: ModelRequest = chatRequest({ dialect: to, stream });
  const context = { request, nowSeconds: 1, requestId: 'r' };
  const encoder = stream ? dialects[to].encodeStream(context) : dialects[to].encodeResponse(context);
  const decoder = dialects.gemini.decodeResponse();
  const events = [...decoder.push(Buffer.from(JSON.stringify(answer))), ...decoder.end()];
  return events.map((event) => encoder.push(event)).join('') + encoder.end();
};

const image: Readonly<Record<DialectName, string>> = {
  'openai-chat': '"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAEC"}}]',
  'openai-responses': '"type":"image_generation_call","status":"completed","result":"AAEC"',
  'anthropic-messages': '{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAEC"}}',
  gemini: '{"inlineData":{"mimeType":"image/png","data":"AAEC"}}',
};

describe.each(Object.keys(image) as DialectName[])('a client of %s', (name) => {
  it.each([false, true])('is told of the image (streamed: %s), and not of its drafts', (stream) => {
    const text = told(name, stream);
    expect(text).toContain(image[name]);
    expect(text).toContain('Here:');
    if (name !== 'gemini') expect(text).not.toContain('ZHJhZnQ=');
  });
});
