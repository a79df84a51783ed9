import type { ProviderSettings } from '../../../examples/demo/provider/server.ts';
import { hashKey } from '../../../plugins/config/keys.ts';
import type { ClientAnswer, ClientCall } from '../../contract/host.ts';
import { httpCall } from '../../contract/http.ts';
import type { JournalEntry } from '../../fakes/journal.ts';
import { type FakeProvider, startProvider } from '../../fakes/provider.ts';
import { type RunningWorker, type Stack, type StackOptions, startStack } from '../stack.ts';

/** The key that the tests' client sends. */
export const clientKey = 'nx-faults-client';

/** A real Envoy with its workers over fake providers. */
export interface Place {
  readonly stack: Stack;
  readonly url: string;
  readonly provider: (name: string) => FakeProvider;
  /** All that the providers have seen, oldest first. */
  readonly seen: () => readonly JournalEntry[];
  stop(): Promise<void>;
}

export interface PlaceOptions extends Omit<StackOptions, 'configText' | 'env'> {
  readonly providers: Readonly<Record<string, ProviderSettings>>;
  /** The candidates of each model, in order, as `provider/model`. */
  readonly models: Readonly<Record<string, readonly string[]>>;
  /** Of every model. */
  readonly firstByteTimeoutMs?: number;
  readonly limits?: object;
}

export const startPlace = async (options: PlaceOptions): Promise<Place> => {
  const running = new Map<string, FakeProvider>();
  for (const [name, settings] of Object.entries(options.providers))
    running.set(name, await startProvider(settings));
  const provider = (name: string): FakeProvider => {
    const found = running.get(name);
    if (!found) throw new Error(`no provider is called ${name}`);
    return found;
  };
  const urls = new Map([...running].map(([name, { url }]) => [name, url]));
  const stack = await startStack({ ...options, configText: configText(options, urls), env: keysOf(options) });
  return {
    stack,
    url: stack.url,
    provider,
    seen: () =>
      [...running.values()].flatMap(({ journal }) => journal.entries).sort((a, b) => a.epochMs - b.epochMs),
    stop: async () => {
      await stack.stop();
      await Promise.all([...running.values()].map((it) => it.close()));
    },
  };
};

const keyVariable = (name: string): string => `KEY_${name.toUpperCase()}`;

const keysOf = ({ providers }: PlaceOptions): Record<string, string> =>
  Object.fromEntries(
    Object.entries(providers).flatMap(([name, { key }]) => (key === undefined ? [] : [[keyVariable(name), key]])),
  );

/** JSON is YAML. */
const configText = (
  { providers, models, firstByteTimeoutMs = 20_000, limits = {} }: PlaceOptions,
  urls: ReadonlyMap<string, string>,
): string =>
  JSON.stringify({
    version: 1,
    providers: Object.fromEntries(
      Object.entries(providers).map(([name, { dialect, key }]) => [
        name,
        {
          dialect,
          baseUrl: `${urls.get(name)}${dialect === 'openai' ? '/v1' : ''}`,
          ...(key === undefined ? {} : { key: `\${env:${keyVariable(name)}}` }),
        },
      ]),
    ),
    models: Object.fromEntries(
      Object.entries(models).map(([name, candidates]) => [
        name,
        { candidates: candidates.map(candidateOf), firstByteTimeoutMs },
      ]),
    ),
    keys: [{ hash: hashKey(clientKey), user: 'client', application: 'faults' }],
    limits,
  });

const candidateOf = (name: string) => {
  const at = name.indexOf('/');
  return { provider: name.slice(0, at), model: name.slice(at + 1) };
};

/** A call of one of the two dialects; `body` and `headers` add to it. */
export interface Ask {
  readonly model: string;
  readonly says?: string;
  readonly stream?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export const clientDialects = ['openai-chat', 'anthropic-messages'] as const;
export type ClientDialect = (typeof clientDialects)[number];

const paths: Readonly<Record<ClientDialect, string>> = {
  'openai-chat': '/v1/chat/completions',
  'anthropic-messages': '/v1/messages',
};

/** The call of a client that speaks `dialect`. */
export const callOf = (
  dialect: ClientDialect,
  { model, says = 'hello', stream = false, headers = {} }: Ask,
): ClientCall & { readonly body: string; readonly headers: Readonly<Record<string, string>> } => ({
  path: paths[dialect],
  headers: { 'content-type': 'application/json', authorization: `Bearer ${clientKey}`, ...headers },
  body: JSON.stringify({
    model,
    max_tokens: 4000,
    messages: [{ role: 'user', content: says }],
    ...(stream ? { stream } : {}),
  }),
});

export const ask = (url: string, dialect: ClientDialect, what: Ask): Promise<ClientAnswer> =>
  httpCall(url, callOf(dialect, what));

export const chat = (url: string, what: Ask): Promise<ClientAnswer> => ask(url, 'openai-chat', what);

/** What a worker counted in `nexus_requests_total`, by how the exchanges ended. */
export const endingsOf = async (worker: RunningWorker): Promise<Readonly<Record<string, number>>> => {
  const counter = (await worker.metrics()).find(({ name }) => name === 'nexus_requests_total');
  const endings: Record<string, number> = {};
  for (const { value, labels } of counter?.values ?? []) {
    const ending = labels.ending ?? '';
    endings[ending] = (endings[ending] ?? 0) + value;
  }
  return endings;
};
