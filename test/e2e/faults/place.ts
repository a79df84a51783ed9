import type { ProviderSettings } from '../../../examples/demo/provider/server.ts';
import { hashKey } from '../../../plugins/config/keys.ts';
import type { DialectName } from '../../../plugins/model/request.ts';
import type { ClientAnswer, ClientCall } from '../../contract/host.ts';
import { httpCall } from '../../contract/http.ts';
import type { JournalEntry } from '../../fakes/journal.ts';
import { type FakeProvider, startProvider } from '../../fakes/provider.ts';
import { type RunningWorker, type Stack, type StackOptions, startStack } from '../stack.ts';

/** The key that the tests' client sends. */
export const clientKey = 'nx-faults-client';

/** A real Envoy with real workers over fake providers. */
export interface Place {
  readonly stack: Stack;
  readonly url: string;
  provider(name: string): FakeProvider;
  /** All that the fake providers have seen, oldest first. */
  seen(): readonly JournalEntry[];
  stop(): Promise<void>;
}

export interface PlaceOptions extends Omit<StackOptions, 'configText' | 'env'> {
  readonly providers?: Readonly<Record<string, ProviderSettings>>;
  /** Providers that the test runs itself. */
  readonly others?: Readonly<Record<string, { readonly dialect: 'openai'; readonly url: string }>>;
  /** The candidates of each model, in order, as `provider/model`. */
  readonly models: Readonly<Record<string, readonly string[]>>;
  /** Of every model. */
  readonly firstByteTimeoutMs?: number;
  readonly limits?: object;
  /** Other sections of the nexus.yaml. */
  readonly sections?: object;
}

export const startPlace = async (options: PlaceOptions): Promise<Place> => {
  const fakes = new Map<string, FakeProvider>();
  for (const [name, settings] of Object.entries(options.providers ?? {}))
    fakes.set(name, await startProvider(settings));
  const stack = await startStack({ ...options, ...configOf(options, fakes) });
  return {
    stack,
    url: stack.url,
    provider: (name) => {
      const found = fakes.get(name);
      if (!found) throw new Error(`no provider is called ${name}`);
      return found;
    },
    seen: () =>
      [...fakes.values()].flatMap(({ journal }) => journal.entries).sort((a, b) => a.epochMs - b.epochMs),
    stop: async () => {
      await stack.stop();
      await Promise.all([...fakes.values()].map((it) => it.close()));
    },
  };
};

/** The nexus.yaml of a place (JSON is YAML), and the variables that it names. */
const configOf = (
  options: PlaceOptions,
  fakes: ReadonlyMap<string, FakeProvider>,
): Required<Pick<StackOptions, 'configText' | 'env'>> => {
  const { providers = {}, others = {}, models, firstByteTimeoutMs = 20_000, limits = {} } = options;
  const keyed = Object.entries(providers).flatMap(([name, { key }]) =>
    key === undefined ? [] : ([[`KEY_${name.toUpperCase()}`, key]] as const),
  );
  const config = {
    version: 1,
    providers: {
      ...mapValues(providers, ({ dialect, key }, name) => ({
        dialect,
        baseUrl: baseUrlOf(dialect, fakes.get(name)?.url ?? ''),
        health,
        ...(key === undefined ? {} : { key: `\${env:KEY_${name.toUpperCase()}}` }),
      })),
      ...mapValues(others, ({ dialect, url }) => ({ dialect, baseUrl: baseUrlOf(dialect, url), health })),
    },
    models: mapValues(models, (names) => ({ candidates: names.map(candidateOf), firstByteTimeoutMs })),
    keys: [{ hash: hashKey(clientKey), user: 'client', application: 'faults' }],
    limits,
    ...options.sections,
  };
  return { configText: JSON.stringify(config), env: Object.fromEntries(keyed) };
};

/** Tests share models that fail on purpose: none may be left alone for what another one has seen. */
const health = { failures: 0 };

const mapValues = <From, To>(from: Readonly<Record<string, From>>, make: (value: From, name: string) => To) =>
  Object.fromEntries(Object.entries(from).map(([name, value]) => [name, make(value, name)]));

const baseUrlOf = (dialect: ProviderSettings['dialect'], url: string): string =>
  dialect === 'openai' ? `${url}/v1` : url;

const candidateOf = (name: string) => {
  const at = name.indexOf('/');
  return { provider: name.slice(0, at), model: name.slice(at + 1) };
};

/** What a client wants; its dialect makes a call of it. */
export interface Ask {
  readonly model: string;
  readonly says?: string;
  readonly stream?: boolean;
  /** Beside those that every call has, or instead of them. */
  readonly headers?: Readonly<Record<string, string>>;
}

export const clientDialects = ['openai-chat', 'anthropic-messages'] as const satisfies DialectName[];
export type ClientDialect = (typeof clientDialects)[number];

export const pathOf = (dialect: ClientDialect): string =>
  dialect === 'openai-chat' ? '/v1/chat/completions' : '/v1/messages';

export const bodyOf = ({ model, says = 'hello', stream = false }: Ask): string =>
  JSON.stringify({
    model,
    max_tokens: 4000,
    messages: [{ role: 'user', content: says }],
    ...(stream ? { stream } : {}),
  });

export const callOf = (dialect: ClientDialect, ask: Ask): ClientCall => ({
  path: pathOf(dialect),
  headers: { 'content-type': 'application/json', authorization: `Bearer ${clientKey}`, ...ask.headers },
  body: bodyOf(ask),
});

export const send = (url: string, dialect: ClientDialect, ask: Ask): Promise<ClientAnswer> =>
  httpCall(url, callOf(dialect, ask));

/** Sends it as a Chat client. */
export const chat = (url: string, ask: Ask): Promise<ClientAnswer> => send(url, 'openai-chat', ask);

/** What a worker has counted in `nexus_requests_total`, by how the exchanges ended. */
export const endingsOf = async (
  worker: RunningWorker | undefined,
): Promise<Readonly<Record<string, number>>> => {
  const metrics = (await worker?.metrics()) ?? [];
  const endings: Record<string, number> = {};
  for (const { name, values } of metrics) {
    if (name !== 'nexus_requests_total') continue;
    for (const { value, labels } of values)
      endings[labels.ending ?? ''] = (endings[labels.ending ?? ''] ?? 0) + value;
  }
  return endings;
};

/** Requests that reached a provider although no policy had seen them: with the client's model, or the client's key. */
export const unjudged = (place: Place, clientModels: readonly string[]): JournalEntry[] =>
  place
    .seen()
    .filter(
      ({ model, headers }) =>
        model === undefined || clientModels.includes(model) || JSON.stringify(headers).includes(clientKey),
    );
