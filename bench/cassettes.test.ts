import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { readFolder } from './cassettes.ts';

const dir = mkdtempSync(join(tmpdir(), 'cassettes-'));
const folders = [dir];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const chat = (text: string) => JSON.stringify({ choices: [{ index: 0, message: { content: text } }] });
const url = 'https://api.example.com/v1/chat/completions?api-version=1';
const zipped = gzipSync(chat('zipped')).toString('base64');

/** One answer in the words of each recorder. */
const files: Readonly<Record<string, string>> = {
  'python.yaml': `
interactions:
- request: {method: POST, uri: '${url}'}
  response: {status: {code: 200, message: OK}, body: {string: !!binary ${zipped}}}
- request: {method: POST, uri: '${url}'}
  response: {status_code: 500, content: '${chat('failed')}'}
- request: {method: POST, uri: 'https://api.example.com/v1/embeddings'}
  response: {status: {code: 200}, body: {string: '${chat('elsewhere')}'}}
`,
  'ruby.yml': `
http_interactions:
- request: {method: post, uri: '${url}'}
  response: {status: {code: 200}, body: {encoding: UTF-8, string: !binary ${Buffer.from(chat('ruby')).toString('base64')}}}
`,
  'go.yaml': `
version: 2
interactions:
- request: {url: '${url}'}
  response: {status: 200 OK, code: 200, body: '${chat('go')}'}
- request: {url: '${url}'}
  response: {status: 200 OK, code: 200, body: '${chat('go')}'}
`,
  'rust.yaml': `
when: {path: /chat/completions, method: POST}
then: {status: 200, body: '${chat('rust')}'}
---
when: {path: /models/m:streamGenerateContent}
then: {status: 200, body: "data: {}\\r\\n\\r\\n"}
`,
  'js.har': JSON.stringify({
    log: {
      entries: [
        {
          request: { url },
          response: {
            status: 200,
            content: { encoding: 'base64', text: JSON.stringify([zipped]) },
            headers: [],
          },
        },
        { request: { url }, response: { status: 200, content: { text: chat('har') } } },
      ],
    },
  }),
  'ours.json': JSON.stringify({
    provider: 'x',
    dialect: 'openai.chat',
    request: null,
    response: { status: 200, body_text: chat('ours') },
    stream: null,
  }),
  'broken.yaml': '{',
  'other.json': '[1]',
};

test('answers are found in the files of every recorder, each once', () => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const read = readFolder(dir);
  const answers = read('openai.chat').map(({ name, kind, body }) => {
    const { choices } = JSON.parse(body.toString('utf8')) as { choices: { message: { content: string } }[] };
    return [name, kind, choices[0]?.message.content];
  });
  expect(answers).toEqual([
    ['go.yaml#1', 'unary', 'go'],
    ['js.har#1', 'unary', 'zipped'],
    ['js.har#2', 'unary', 'har'],
    ['python.yaml#2', 'error', 'failed'],
    ['ruby.yml#1', 'unary', 'ruby'],
    ['rust.yaml#1', 'unary', 'rust'],
    ['ours', 'unary', 'ours'],
  ]);
  expect(read('gemini.stream').map(({ kind }) => kind)).toEqual(['stream']);
  expect(read('gemini.generate')).toEqual([]);
});
