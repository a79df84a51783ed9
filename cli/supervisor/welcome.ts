import type { Config } from '../../plugins/config/schema.ts';
import { demoKey, demoModel } from './demo.ts';
import { loopback } from './ports.ts';

export interface WelcomeOptions {
  readonly kind: 'demo' | 'own';
  readonly config: Config;
  readonly port: number;
  readonly adminPort: number;
  /** Where the logs are. */
  readonly directory: string;
  /** How long the start took: `0.81 s`. */
  readonly took: string;
}

/** What is where, how to call it, how to stop: the last words of a start. */
export const welcome = ({ kind, config, port, adminPort, directory, took }: WelcomeOptions): string => {
  const base = `http://${loopback}:${port}`;
  const admin = `http://${loopback}:${adminPort}`;
  const caller =
    kind === 'demo'
      ? { key: demoKey, model: demoModel }
      : { key: '$NEXUS_KEY', model: Object.keys(config.models)[0] ?? '' };
  return [
    `\nNexus is ready, ${took} after its start.\n`,
    ...table({
      'OpenAI base URL': `${base}/v1`,
      'Anthropic base URL': base,
      Models: Object.keys(config.models).join(', '),
      'Metrics, health': `${admin}/metrics, /healthz, /readyz`,
      Logs: directory,
    }),
    `\nTry it${kind === 'own' ? ' (`nexus keys create` makes a key)' : ''}:\n`,
    chatCall(base, caller),
    '',
    messagesCall(base, caller),
    '\nCtrl-C stops everything.',
  ].join('\n');
};

const table = (rows: Readonly<Record<string, string>>): string[] =>
  Object.entries(rows).map(([name, value]) => `  ${name.padEnd(20)}${value}`);

interface Caller {
  readonly key: string;
  readonly model: string;
}

const hello = [{ role: 'user', content: 'Hello' }];

const chatCall = (base: string, { key, model }: Caller): string =>
  curl(`${base}/v1/chat/completions`, [`authorization: Bearer ${key}`], { model, messages: hello });

const messagesCall = (base: string, { key, model }: Caller): string =>
  curl(`${base}/v1/messages`, [`x-api-key: ${key}`, 'anthropic-version: 2023-06-01'], {
    model,
    max_tokens: 100,
    messages: hello,
  });

/** Double quotes let the shell put in a key from a variable. */
const curl = (url: string, headers: readonly string[], body: object): string =>
  [
    `curl ${url}`,
    ...[...headers, 'content-type: application/json'].map((header) => `  -H "${header}"`),
    `  -d '${JSON.stringify(body)}'`,
  ].join(' \\\n');
