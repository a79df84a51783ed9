import { expect, it, vi } from 'vitest';
import type { ClientAnswer, ClientCall, Host } from './host.ts';
import { type MirroredModel, mirroredKey, type World } from './world.ts';

interface Place {
  readonly world: World;
  readonly host: Host;
}

const mail = 'greta.lindqvist@kollektiv-nord.se';

const ask = (model: MirroredModel): ClientCall => ({
  path: '/v1/messages',
  headers: { 'content-type': 'application/json', authorization: `Bearer ${mirroredKey}` },
  body: JSON.stringify({
    model,
    max_tokens: 400,
    stream: true,
    messages: [{ role: 'user', content: `Write to ${mail}, please.` }],
  }),
});

interface MirrorFacts {
  readonly id: string;
  readonly result: string;
  readonly status?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly costMicroUsd?: number;
}

/** What the decision record says of a call's copy once it is over, or while it is under way. */
const copyOf = async (
  { host }: Place,
  answer: ClientAnswer,
  when: 'over' | 'pending' = 'over',
): Promise<MirrorFacts> => {
  const path = `/v1/nexus/decisions/${answer.headers.get('x-nexus-decision')}`;
  const headers = { authorization: `Bearer ${mirroredKey}` };
  return await vi.waitFor(
    async () => {
      const { text } = await host.call({ method: 'GET', path, headers });
      const { notes } = JSON.parse(text) as { notes: { policy: string; facts: MirrorFacts }[] };
      const note = notes.find(({ policy }) => policy === 'mirror');
      if (!note || (note.facts.result === 'pending') !== (when === 'pending'))
        throw new Error(`not what is waited for: ${text}`);
      expect(text).not.toContain('greta');
      return note.facts;
    },
    { timeout: 5000, interval: 50 },
  );
};

/** The answer that the client gets when all goes well, whatever its mirror does. */
const expectServed = (answer: ClientAnswer): void => {
  expect(answer.status, answer.text).toBe(200);
  expect(answer.headers.get('x-nexus-model')).toBe('an/claude-sonnet-5');
  const pieces = [...answer.text.matchAll(/"text_delta","text":"([^"]*)"/g)].map(([, text]) => text);
  expect(pieces.join('')).toMatch(/^You said: Write to greta\.lindqvist@kollektiv-nord\.se, please\./);
  expect(answer.text).toContain('message_stop');
};

const remainingTokens = ({ headers }: ClientAnswer): number =>
  Number(headers.get('anthropic-ratelimit-tokens-remaining'));

/** What holds of copies for mirrors, on every host. */
export const mirrorTests = (place: () => Place): void => {
  it('a mirror gets one copy, in its own dialect, of what the policies have left', async () => {
    const { world, host } = place();
    world.mirror.journal.clear();
    world.providers.an.journal.clear();
    const answer = await host.call(ask('mirrored'));
    expectServed(answer);
    const facts = await copyOf(place(), answer);
    expect(facts).toMatchObject({
      id: `${answer.headers.get('x-nexus-decision')}.mirror`,
      upstream: 'mi/gpt-5.4',
      result: 'answered',
      status: 200,
    });
    expect(facts.costMicroUsd).toBeGreaterThan(0);
    expect(world.mirror.journal.entries).toHaveLength(1);
    const { path, body, headers } = world.mirror.journal.last;
    expect(path).toBe('/v1/chat/completions');
    expect(body).toMatchObject({ model: 'gpt-5.4', messages: [{ role: 'user' }] });
    expect(body).not.toHaveProperty('stream', true);
    expect(JSON.stringify(body)).toMatch(/Write to \S*EMAIL\S*, please/i);
    expect(JSON.stringify(body)).not.toContain(mail);
    expect(headers.authorization).toBe('Bearer key-of-mi');
    const usual = Object.keys(world.providers.an.journal.last.headers);
    expect(Object.keys(headers).filter((name) => !usual.includes(name))).toEqual(['accept', 'authorization']);
    expect(world.providers.an.journal.entries).toHaveLength(1);
  });

  it.each(['mirrored-503', 'mirrored-reset', 'mirrored-hang'] as const)(
    'nothing that a mirror does changes the answer: %s',
    async (model) => {
      const { world, host } = place();
      world.mirror.journal.clear();
      const begunMs = performance.now();
      const answer = await host.call(ask(model));
      expectServed(answer);
      expect(performance.now() - begunMs).toBeLessThan(5000);
      await vi.waitFor(() => expect(world.mirror.journal.entries).toHaveLength(1), 5000);
      // What hangs is given up after two minutes, or when the host stops.
      const [when, result] =
        model === 'mirrored-hang' ? (['pending', 'pending'] as const) : (['over', 'failed'] as const);
      expect((await copyOf(place(), answer, when)).result).toBe(result);
    },
  );

  it("a call and its copy are counted in the caller's budget", async () => {
    const { host } = place();
    const first = await host.call(ask('mirrored'));
    const { inputTokens = 0, outputTokens = 0 } = await copyOf(place(), first);
    expect(inputTokens * outputTokens).toBeGreaterThan(0);
    const used = usedBy(first);
    const next = await host.call(ask('mirrored'));
    await copyOf(place(), next);
    expect(remainingTokens(first) - remainingTokens(next)).toBe(used + inputTokens + outputTokens);
  });
};

const usedBy = ({ text }: ClientAnswer): number => {
  const input = /"input_tokens":(\d+)/.exec(text)?.[1];
  const output = [...text.matchAll(/"output_tokens":(\d+)/g)].at(-1)?.[1];
  return Number(input) + Number(output);
};
