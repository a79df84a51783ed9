import { describe, expect, it } from 'vitest';
import { dialects } from '../../plugins/dialects/registry.ts';
import type { ModelEvent } from '../../plugins/model/events.ts';
import type { ModelRequest } from '../../plugins/model/request.ts';
import type { Usage } from '../../plugins/model/usage.ts';
import { AnswerCount } from '../../plugins/policies/token-budget/answer-count.ts';
import { learningFactors } from '../../plugins/policies/token-budget/factors.ts';
import { countTexts, measure, type PromptSize } from '../../plugins/policies/token-budget/measure.ts';
import { lazyTokenizer, type TokenCounter } from '../../plugins/policies/token-budget/tokenizer.ts';
import { perO200kToken } from '../../plugins/policies/token-budget/tokens.ts';
import { plainTerms } from '../../plugins/catalog/price.ts';
import { worstCase } from '../../plugins/policies/token-budget/worst-case.ts';
import { parseJsonDocument } from '../../plugins/wire/json.ts';
import { type Recording, readRecordings, recordingsMissing } from './laws.ts';

/** One answered exchange whose usage its provider reported. */
interface Answered {
  readonly recording: Recording;
  readonly request: ModelRequest | undefined;
  readonly events: readonly ModelEvent[];
  readonly usage: Usage;
  readonly model: string;
}

const answered = (
  dialect: (typeof dialects)[keyof typeof dialects],
  recordings: readonly Recording[],
): Answered[] =>
  recordings.flatMap((recording) => {
    if (recording.kind === 'error') return [];
    const decoder = recording.kind === 'stream' ? dialect.decodeStream() : dialect.decodeResponse();
    const events = [...decoder.push(recording.body), ...decoder.end()];
    const usage = events.findLast((event) => event.type === 'usage')?.usage;
    const model = events.find((event) => event.type === 'message-start')?.responseModel;
    if (!usage || model === undefined || !events.some(({ type }) => type === 'message-stop')) return [];
    return [{ recording, request: requestOf(dialect, recording), events, usage, model }];
  });

const requestOf = (dialect: (typeof dialects)[keyof typeof dialects], { request }: Recording) => {
  try {
    return request && dialect.decodeRequest(parseJsonDocument(Buffer.from(JSON.stringify(request))));
  } catch {
    return undefined; // the recording holds what we refuse
  }
};

/** What is held for a prompt whose texts `textTokens` makes that many tokens. */
const heldInput = (model: string, size: PromptSize, textTokens: number): number => {
  const seat = { provider: 'p', model };
  const seats = [{ seat, priced: undefined, contextWindow: undefined, maxOutputTokens: undefined }];
  return worstCase(seats, size, { textTokens: () => textTokens, terms: plainTerms }).inputTokens;
};

const estimated = (request: ModelRequest, model: string): number => {
  const size = measure(request);
  return heldInput(model, size, size.tokens * learningFactors().of({ provider: 'p', model }));
};

const counted = (request: ModelRequest, model: string, count: TokenCounter): number =>
  heldInput(model, measure(request), countTexts(request, count) * perO200kToken(model));

describe.each([
  ['openai-chat', 'openai.chat'],
  ['anthropic-messages', 'anthropic.messages'],
] as const)('%s: recorded calls', (name, tag) => {
  const exchanges = answered(dialects[name], readRecordings(tag));

  it('what is held for a prompt is no less than its provider counted, estimated or counted by us', async (context) => {
    if (recordingsMissing !== undefined) context.skip(recordingsMissing);
    const count = await lazyTokenizer().load();
    if (!count) throw new Error('no tokenizer');
    const ratios: number[] = [];
    for (const { request, usage, model, recording } of exchanges) {
      if (!request || usage.inputTokens === 0) continue;
      const held = estimated(request, model);
      ratios.push(held / usage.inputTokens);
      expect(held, recording.name).toBeGreaterThanOrEqual(usage.inputTokens);
      expect(counted(request, model, count), recording.name).toBeGreaterThanOrEqual(usage.inputTokens);
    }
    expect(ratios.length).toBeGreaterThan(30);
    ratios.sort((a, b) => a - b);
    if (process.env.SHOW_BOUNDS)
      console.log(
        `${ratios.length} prompts, held ÷ counted: least ${ratios[0]}, median ${ratios[ratios.length >> 1]}`,
      );
  });

  it('no answer is cut whose provider counted as much as is held', async (context) => {
    if (recordingsMissing !== undefined) context.skip(recordingsMissing);
    const tokenizer = lazyTokenizer();
    await tokenizer.load();
    for (const { events, usage, model, recording } of exchanges) {
      if (recording.name.includes('cererebras-structured-output-tools')) continue; // two answers in one file
      const watch = new AnswerCount({
        model,
        cap: usage.outputTokens,
        mayCut: true,
        inputTokens: 0,
        tokenizer,
        isPlausible: () => true,
      });
      const cuts = events.map((event) => watch.see(event)).filter((cut) => cut !== undefined);
      expect(cuts, recording.name).toEqual([]);
    }
  });
});
