import { describe, expect, test } from 'vitest';
import { sdks } from './sdks.ts';
import { idOf } from './upstream.ts';
import { describeWorld, type Fault, modelOn, upstreamNames } from './world.ts';

/** An upstream's fault, and what an SDK that may ask once more makes of it. */
interface Failure {
  readonly fault: Fault;
  readonly error: 'BadRequestError' | 'NotFoundError' | 'RateLimitError' | 'InternalServerError';
  /** HTTP status that the clients of each dialect see. */
  readonly status: { readonly openai: number; readonly anthropic: number };
  /** Our code, or what the upstream said instead; absent where the upstream's own body passes. */
  readonly code?: RegExp;
  readonly message: RegExp;
  /** 2: the SDK was told to ask again. */
  readonly calls: 1 | 2;
  /** Least time between the two. */
  readonly waitsMs?: number;
}

const both = (status: number) => ({ openai: status, anthropic: status });

/** Anthropic has a status of its own for it. */
const overloaded = { openai: 503, anthropic: 529 };

const failures: readonly Failure[] = [
  { fault: 'fault-400', error: 'BadRequestError', status: both(400), message: /fault 400/, calls: 1 },
  {
    fault: 'fault-400-context',
    error: 'BadRequestError',
    status: both(400),
    message: /context_length_exceeded/,
    calls: 1,
  },
  { fault: 'fault-404', error: 'NotFoundError', status: both(404), message: /fault 404/, calls: 1 },
  {
    fault: 'fault-401',
    error: 'InternalServerError',
    status: both(500),
    code: /^upstream_auth$/,
    message: /credential of this gateway/,
    calls: 1,
  },
  {
    fault: 'fault-402',
    error: 'RateLimitError',
    status: both(429),
    code: /^upstream_quota$/,
    message: /quota at the upstream is used up/,
    calls: 1, // SDKs ask again after a 429, were they not told that it is in vain
  },
  {
    fault: 'fault-429-retry-1',
    error: 'RateLimitError',
    status: both(429),
    code: /^upstream_rate_limited$/,
    message: /rate limited|fault 429/,
    calls: 2,
    waitsMs: 990, // as the upstream said; the SDKs' own first wait is half as long
  },
  {
    fault: 'fault-503',
    error: 'InternalServerError',
    status: overloaded,
    code: /^upstream_overloaded$/,
    message: /overloaded|fault 503/,
    calls: 2,
  },
  {
    fault: 'fault-529',
    error: 'InternalServerError',
    status: overloaded,
    code: /^upstream_overloaded$/,
    message: /overloaded|fault 529/,
    calls: 2,
  },
];

/** A stream that breaks off in good framing, and what each SDK is told: the upstream's own words in its own dialect. */
const brokenStreams = [
  {
    fault: 'fault-end-stream-3',
    told: {
      openai: { code: 'upstream_truncated', type: 'server_error' },
      anthropic: { errorCode: 'upstream_truncated', type: 'api_error' },
    },
  },
  {
    fault: 'fault-error-event-3',
    told: {
      openai: { code: expect.stringMatching(/overloaded/), type: 'server_error' },
      anthropic: { type: 'overloaded_error', message: expect.stringMatching(/overloaded/) },
    },
  },
] as const;

describeWorld('failures', (world) => {
  describe.each(['openai', 'anthropic'] as const)('in the %s SDK', (name) => {
    const sdk = sdks[name];
    const { errors, codeMember } = sdk;

    test('an unknown key', async () => {
      const error = await failureOf(sdk.create(world(), modelOn('openai'), { key: 'nx-nobody' }));
      expect(error).toBeInstanceOf(errors.AuthenticationError);
      expect(error).toMatchObject({ status: 401, [codeMember]: 'invalid_key' });
    });

    test('an unknown model: the names that the key may use', async () => {
      const error = await failureOf(sdk.create(world(), 'gpt-9'));
      expect(error).toBeInstanceOf(errors.NotFoundError);
      expect(error).toMatchObject({ status: 404, [codeMember]: 'model_not_found' });
      expect(String(error)).toContain(modelOn('anthropic'));
    });

    test('the upstream gives a request its id, we do where none answers', async () => {
      for (const upstream of upstreamNames)
        expect(await sdk.create(world(), modelOn(upstream))).toMatchObject({ _request_id: idOf(upstream) });
      const requestID = expect.stringMatching(/^[0-9a-f]{24}$/);
      for (const model of ['gpt-9', modelOn('openai', 'fault-503')])
        expect(await failureOf(sdk.create(world(), model))).toMatchObject({ requestID });
    });

    describe.each(upstreamNames)('over an upstream that speaks %s', (upstream) => {
      test.each(failures)('$fault is $error after $calls', async (failure) => {
        const error = await failureOf(
          sdk.create(world(), modelOn(upstream, failure.fault), { maxRetries: 1 }),
        );
        expect(error).toBeInstanceOf(errors[failure.error]);
        expect(error).toMatchObject({
          status: failure.status[name],
          message: expect.stringMatching(failure.message),
          ...(failure.code === undefined ? {} : { [codeMember]: expect.stringMatching(failure.code) }),
        });
        const times = world().upstreams[upstream].journal.entries.map(({ epochMs }) => epochMs);
        expect(times).toHaveLength(failure.calls);
        expect((times.at(-1) ?? 0) - (times.at(0) ?? 0)).toBeGreaterThanOrEqual(failure.waitsMs ?? 0);
      });

      test.each(brokenStreams)(
        '$fault raises in the stream, after what had come',
        async ({ fault, told }) => {
          const { chunks, error } = await read(sdk.stream(world(), modelOn(upstream, fault)));
          expect(chunks).toBeGreaterThan(0);
          expect(error).toBeInstanceOf(errors.APIError);
          expect(error).toMatchObject(told[name]);
          await expect(sdk.joined(world(), modelOn(upstream, fault))).rejects.toMatchObject(told[name]);
        },
      );

      test('a connection that breaks raises', async () => {
        const { error } = await read(sdk.stream(world(), modelOn(upstream, 'fault-cut-stream-3')));
        expect(error).toBeInstanceOf(Error);
        await expect(sdk.joined(world(), modelOn(upstream, 'fault-cut-stream-3'))).rejects.toThrow();
      });

      test('an error before the first word has a status', async () => {
        const { chunks, error } = await read(
          sdk.stream(world(), modelOn(upstream, 'fault-first-event-error')),
        );
        expect(chunks).toBe(0);
        expect(error).toBeInstanceOf(errors.InternalServerError);
        expect(error).toMatchObject({ status: overloaded[name] });
      });

      test.each(['aborts', 'stops reading'] as const)(
        'a client that %s takes the upstream along',
        async (way) => {
          const { journal } = world().upstreams[upstream];
          const controller = new AbortController();
          const stream = sdk.stream(world(), modelOn(upstream, 'fault-stall-stream-3'), {
            signal: controller.signal,
          });
          const { chunks } = await read(stream, () => {
            if (way === 'aborts') controller.abort();
            return way === 'stops reading';
          });
          expect(chunks).toBeGreaterThan(0);
          await expect.poll(() => journal.last.ended, { timeout: 2000 }).toBe('left');
        },
      );
    });
  });
});

/** What a promise was rejected with. Throws when it was not. */
const failureOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('nothing failed');
};

/** Reads a stream until it ends, fails, or `leaves` says so. Counts the chunks before that. */
const read = async (stream: AsyncGenerator<object>, leaves: () => boolean = () => false) => {
  let chunks = 0;
  try {
    for await (const _ of stream) {
      chunks++;
      if (leaves()) break;
    }
  } catch (error) {
    return { chunks, error };
  }
  return { chunks };
};
