import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { httpCall } from '../../contract/http.ts';
import { type FakeProvider, startProvider } from '../../fakes/provider.ts';
import { type RunningKong, startKong } from './kong.ts';
import { noKong, kongProgram as program } from './program.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const missing = program ? (hasOpenssl ? undefined : 'no openssl here, which makes the certificates') : noKong;
let directory = '';

/** A certificate for `localhost` that vouches for itself, and its key. */
const certificate = (name: string): { readonly cert: string; readonly key: string } => {
  const [cert, key] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { cert, key };
};

describe('a provider behind TLS', () => {
  beforeEach(({ skip }) => skip(missing !== undefined, missing));

  let provider: FakeProvider;
  let terminator: Server;
  let kong: RunningKong;

  beforeAll(async () => {
    if (!program || missing) return;
    directory = mkdtempSync(join(tmpdir(), 'nexus-kong-tls-'));
    provider = await startProvider({ dialect: 'openai', key: 'key-of-oa' });
    const own = certificate('own');
    const other = certificate('other');
    const { hostname, port } = new URL(provider.url);
    const keys = { cert: readFileSync(own.cert), key: readFileSync(own.key) };
    terminator = createServer(keys, (client) => {
      const server = connect(Number(port), hostname);
      client.pipe(server).pipe(client);
      client.on('error', () => server.destroy());
      server.on('error', () => client.destroy());
    });
    await new Promise<void>((resolve) => terminator.listen(0, 'localhost', resolve));
    const address = terminator.address();
    const baseUrl = `https://localhost:${typeof address === 'object' && address ? address.port : 0}/v1`;
    const at = (caFile?: string) => ({
      dialect: 'openai',
      baseUrl,
      key: '${env:OA_KEY}',
      ...(caFile === undefined ? {} : { tls: { caFile } }),
    });
    const model = (name: string) => ({ candidates: [{ provider: name, model: 'gpt' }] });
    const config = {
      version: 1,
      providers: { trusted: at(own.cert), stranger: at(other.cert), system: at() },
      models: { trusted: model('trusted'), stranger: model('stranger'), system: model('system') },
      teams: { all: {} },
    };
    kong = await startKong(program, {
      configText: JSON.stringify(config),
      env: { OA_KEY: 'key-of-oa' },
      settings: { team: 'all' },
      reshape: ({ plugins, ...rest }) => ({
        ...rest,
        consumers: [{ username: 'someone', keyauth_credentials: [{ key: 'someone' }] }],
        plugins: [...(plugins as object[]), { name: 'key-auth', service: 'nexus' }],
      }),
    });
  });

  afterAll(async () => {
    await kong?.stop();
    terminator?.close();
    await provider?.close();
    if (directory !== '') rmSync(directory, { recursive: true });
  });

  // Kong lends an open connection to any Service with the same address and name, so the one that is trusted comes last.
  test.each([
    ['stranger', 503],
    ['system', 503],
    ['trusted', 200],
  ])('by authorities that are %s: %i', async (model, status) => {
    provider.journal.clear();
    const answer = await httpCall(kong.url, {
      path: '/v1/chat/completions',
      headers: { 'content-type': 'application/json', apikey: 'someone' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
    });
    expect(answer.status, answer.text).toBe(status);
    expect(provider.journal.entries).toHaveLength(status === 200 ? 1 : 0);
  });
});
