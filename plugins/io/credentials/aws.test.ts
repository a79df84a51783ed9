import { createHash, createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { type AwsKeys, awsSigner } from './aws.ts';

const body = '{"messages":[]}';
const call = {
  method: 'POST',
  url: 'https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-v1%3A0/converse',
  headers: [
    ['content-type', 'application/json'],
    ['user-agent', 'x'],
  ],
  body,
} as const;

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const sha = (text: string) => createHash('sha256').update(text).digest('hex');

/** The signature as the reference describes it, written out. */
const expected = (date: string, names: string, headers: Record<string, string>, secret: string): string => {
  const canonical = [
    'POST',
    '/model/anthropic.claude-v1%253A0/converse',
    '',
    ...names.split(';').map((name) => `${name}:${headers[name]}`),
    '',
    names,
    headers['x-amz-content-sha256'] ?? sha(body),
  ].join('\n');
  const day = date.slice(0, 8);
  const scope = `${day}/us-east-1/bedrock/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', date, scope, sha(canonical)].join('\n');
  const key = ['us-east-1', 'bedrock', 'aws4_request'].reduce(hmac, hmac(`AWS4${secret}`, day));
  return createHmac('sha256', key).update(text).digest('hex');
};

it('signs the path encoded twice, the body, and no header that a proxy may change', async () => {
  const keys: AwsKeys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' };
  const added = new Map(await awsSigner({ region: 'us-east-1', service: 'bedrock' }, async () => keys)(call));
  const [, names = '', signature] =
    /SignedHeaders=([^,]+), Signature=(\w+)/.exec(added.get('authorization') ?? '') ?? [];
  const headers = {
    ...Object.fromEntries(added),
    'content-type': 'application/json',
    host: 'bedrock-runtime.us-east-1.amazonaws.com',
  };
  expect(names.split(';')).not.toContain('user-agent');
  expect(names.split(';')).toEqual(expect.arrayContaining(['host', 'x-amz-date', 'x-amz-security-token']));
  expect(signature).toBe(expected(added.get('x-amz-date') ?? '', names, headers, 'secret'));
});

it('fetches temporary keys once for many calls, and again shortly before their end', async () => {
  let fetched = 0;
  const keys = (expiration: Date) => async (): Promise<AwsKeys> => {
    fetched++;
    return { accessKeyId: 'a', secretAccessKey: 'b', expiration };
  };
  const lasting = awsSigner({ region: 'r', service: 's' }, keys(new Date(Date.now() + 3_600_000)));
  await Promise.all([lasting(call), lasting(call), lasting(call)]);
  await lasting(call);
  expect(fetched).toBe(1);
  const ending = awsSigner({ region: 'r', service: 's' }, keys(new Date(Date.now() + 60_000)));
  await ending(call);
  await ending(call);
  expect(fetched).toBe(3);
});

it('asks again after keys could not be had', async () => {
  let asked = 0;
  const authorize = awsSigner({ region: 'r', service: 's' }, async () => {
    if (asked++ === 0) throw new Error('no role');
    return { accessKeyId: 'a', secretAccessKey: 'b' };
  });
  await expect(authorize(call)).rejects.toThrow('no role');
  expect(await authorize(call)).toHaveLength(2);
});
