import { crossInto } from '../plugins/dialects/crossing.ts';
import type { EncodedRequest } from '../plugins/dialects/dialect.ts';
import { dialects, upstreamDialects } from '../plugins/dialects/registry.ts';
import type { DialectName, UpstreamDialectName } from '../plugins/model/request.ts';
import { RequestError } from '../plugins/refusals.ts';
import { type JsonObject, parseJsonDocument } from '../plugins/wire/json.ts';
import { type Feature, features, plainAsk } from './dialect-asks.ts';

// What becomes of each thing that a client can ask for at each upstream, found out by asking: the body for an upstream
// with the thing in the request, beside the one without it.

/** Upstreams by their columns, each with a model of today. */
const columns: readonly (readonly [title: string, name: UpstreamDialectName, model: string])[] = [
  ['Chat', 'openai-chat', 'gpt-5.2'],
  ['Responses', 'openai-responses', 'gpt-5.2'],
  ['Messages', 'anthropic-messages', 'claude-sonnet-4-5'],
  ['Claude at Vertex AI, Bedrock', 'anthropic-vertex', 'claude-sonnet-4-5'],
  ['Gemini', 'gemini', 'gemini-3-pro-preview'],
  ['Converse', 'bedrock-converse', 'anthropic.claude-sonnet-4-5-20250929-v1:0'],
  ['Cohere', 'cohere-chat', 'command-a-03-2025'],
];

const clients: readonly (readonly [title: string, name: DialectName])[] = [
  ['Chat Completions', 'openai-chat'],
  ['Responses', 'openai-responses'],
  ['Messages', 'anthropic-messages'],
  ['Gemini', 'gemini'],
];

/** One table for each dialect of clients, with a heading. */
export const featureTables = (): string =>
  clients
    .map(([title, name], at) => [`### Clients of ${title}`, '', ...rows(name, at)].join('\n'))
    .join('\n\n');

const rows = (client: DialectName, at: number): string[] => [
  `| | ${columns.map(([title]) => title).join(' | ')} |`,
  `|---|${columns.map(() => '---').join('|')}|`,
  ...features.flatMap((feature) => row(feature, client, at)),
];

const row = ({ name, asks }: Feature, client: DialectName, at: number): string[] => {
  const ask = asks[at];
  if (!ask) return [];
  const cells = columns.map(([, upstream, model]) => cell({ client, ask, upstream, model }));
  return [`| ${name} | ${cells.join(' | ')} |`];
};

interface Asked {
  readonly client: DialectName;
  readonly ask: JsonObject;
  readonly upstream: UpstreamDialectName;
  readonly model: string;
}

const cell = (asked: Asked): string => {
  const plain = sent({ ...asked, ask: {} });
  try {
    const { body, dropped } = sent(asked);
    const names = dropped.map((field) => `\`${field}\``).join(' ');
    if (body === plain.body) return names === '' ? '–' : `dropped ${names}`;
    return names === '' ? 'carried' : `reshaped ${names}`;
  } catch (cause) {
    if (!(cause instanceof RequestError)) throw cause;
    return 'refused';
  }
};

/** What the gateway sends, and what it names as dropped. */
const sent = ({ client, ask, upstream, model }: Asked): EncodedRequest => {
  const document = parseJsonDocument(Buffer.from(JSON.stringify({ ...plainAsk[client], ...ask })));
  const from = dialects[client];
  const request = from.decodeRequest(document, '/v1beta/models/m:generateContent');
  const to = upstreamDialects[upstream];
  const crossed = crossInto(to, request);
  const target = { model, clientHeaders: new Map<string, string>() };
  const encoded =
    to.name === client && crossed.request === request
      ? from.patchRequest(document, request, target)
      : to.encodeRequest(crossed.request, target);
  return { ...encoded, dropped: [...new Set([...crossed.dropped, ...encoded.dropped])] };
};
