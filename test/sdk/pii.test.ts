import { describe, expect, test } from 'vitest';
import { clientNames, clients, ways } from './clients.ts';
import { clientKey, describeWorld, everyUpstream, modelOn } from './world.ts';

/** Values that must never reach a provider, and must come back to the one who sent them. */
const planted = {
  email: 'greta.lindqvist@kollektiv-nord.se',
  card: '4539 5787 6362 1486',
  iban: 'DE89 3704 0044 0532 0130 00',
  phone: '+49 30 901820',
} as const;
const sentence = `Write to ${planted.email} or call ${planted.phone}. Card ${planted.card}, IBAN ${planted.iban}.`;

describeWorld(
  'personal data comes back to its owner and reaches no provider',
  (world) => {
    const expectNothingArrived = (): void => {
      const seen = JSON.stringify(everyUpstream.flatMap((name) => world().seenBy(name)));
      expect(seen).toContain('Write to [');
      for (const value of Object.values(planted)) {
        expect(seen).not.toContain(value);
        expect(seen).not.toContain(value.replaceAll(' ', ''));
      }
    };

    describe.each(clientNames)('%s', (name) => {
      describe.each(everyUpstream)('over %s', (upstream) => {
        test.each(ways)('in text and in arguments of tools, %s', async (way) => {
          const gateway = { url: world().url, key: clientKey };
          const model = modelOn(upstream);
          const plain = await clients[name](gateway, way, { model, text: sentence });
          expect(plain.text).toContain(sentence);
          const called = await clients[name](gateway, way, {
            model,
            text: `call tools: 1 tool says: ${sentence}`,
            tool: 'send_mail',
          });
          expect(called.calls).toEqual([{ text: sentence }]);
          expectNothingArrived();
        });
      });
    });
  },
  { pii: { mode: 'enforce', entities: ['email', 'card', 'iban', 'phone'] } },
);
