import { describe, expect, test } from 'vitest';
import { loadConfig } from './load.ts';
import { formatProblem } from './problem.ts';

const config = (model: string, more = ''): string => `version: 1
providers:
  us: { dialect: openai, baseUrl: http://us.internal/v1, region: us }
  eu: { dialect: openai, baseUrl: http://eu.internal/v1, region: eu, maxConcurrent: 9 }
models:
  m:
    candidates: [{ provider: us, model: a }, { provider: eu, model: b }]
${model.replaceAll(/^/gm, '    ')}
teams:
  legal: {}
keys:
  - { hash: "sha256:${'a'.repeat(64)}", team: legal }
${more}`;

/** Problems and warnings as \`severity path: message\`, without those that have nothing to do with routing. */
const found = (model: string, more = ''): string[] => {
  const loaded = loadConfig(config(model, more), { file: 'f', env: {}, readFile: () => '' });
  return ('problems' in loaded ? loaded.problems : loaded.warnings).map((problem) =>
    formatProblem(problem).replace(/^f:\d+:\d+: /, ''),
  );
};

const use = 'use: [{ provider: eu, model: c }]';

test('the sketch of every setting loads without a word', () => {
  expect(
    found(`pick: latency
sticky: conversation
fallback: [{ provider: us, model: d }]
peak:
  when: { inFlightOver: 200, firstChunkP95MsOver: 2500 }
  ${use}
  classes: [{ team: legal, when: 'inputTokens < 4000' }]
capture: { contextOver: 200000, ${use} }`),
  ).toEqual([]);
});

test('a list of rules and one rule alone are the same', () => {
  const digest = (model: string) => {
    const loaded = loadConfig(config(model), { file: 'f', env: {}, readFile: () => '' });
    return 'digest' in loaded ? loaded.digest : loaded.problems;
  };
  expect(digest(`capture: [{ images: true, ${use} }]`)).toEqual(digest(`capture: { images: true, ${use} }`));
});

describe('errors', () => {
  test.each([
    [
      `capture: { when: 'team == 3', ${use} }`,
      'models.m.capture.when: not valid at character 1: no such overload: string == int',
    ],
    [
      `capture: [{ images: true, ${use} }, { when: 'team.matches("(")', ${use} }]`,
      'models.m.capture[1].when: not valid at character 14: no pattern that RE2 takes',
    ],
    [
      `peak: { when: { queueOver: 1 }, ${use}, classes: [{ when: 'inputTokens' }] }`,
      'models.m.peak.classes[0].when: not valid at character 1: is int, expected true or false',
    ],
    [
      `capture: { contextOvr: 1, ${use} }`,
      'models.m.capture.contextOvr: unknown key, did you mean "contextOver"?',
    ],
    [
      `capture: [{ contextOver: much, ${use} }]`,
      'models.m.capture[0].contextOver: is a text, expected a number',
    ],
    [`capture: 5`, 'models.m.capture: is 5, expected a list or a mapping'],
    [`capture: { team: legl, ${use} }`, 'models.m.capture.team: unknown team, did you mean "legal"?'],
    [
      `capture: { region: moon, ${use} }`,
      'models.m.capture.region: no provider has this region, expected one of us, eu',
    ],
    [
      `capture: { hours: 9-17, ${use} }`,
      'models.m.capture.hours: not valid, expected a span such as 09:00-17:30',
    ],
    [
      `capture: { hours: 09:00-17:00, timeZone: Mars/Base, ${use} }`,
      'models.m.capture.timeZone: not valid, expected a time zone such as Europe/Berlin',
    ],
    [
      `capture: { ${use} }`,
      'models.m.capture: captures every request, expected one of contextOver, images, tools, jsonSchema, region, team, application, hours, when',
    ],
    [
      `capture: [{ name: x, images: true, ${use} }, { name: x, tools: true, ${use} }]`,
      'models.m.capture[1].name: the same name as an earlier rule, expected each name once',
    ],
    [
      `peak: { when: {}, ${use} }`,
      'models.m.peak.when: no limit, expected inFlightOver, queueOver or firstChunkP95MsOver',
    ],
    [`minQuality: 0.5`, 'models.m.minQuality: no upstream of the model has this quality'],
    [
      `capture: { images: true, use: [{ provider: asia, model: c }] }`,
      'models.m.capture.use[0].provider: unknown provider, expected one of us, eu',
    ],
  ])('%s', (model, problem) => {
    expect(found(model)).toContain(problem);
  });

  test('regions of data classes exist', () => {
    expect(found('pick: ordered', 'dataClasses: { pii: [eu, moon] }')).toEqual([
      'dataClasses.pii[1]: no provider has this region, expected one of us, eu',
    ]);
  });
});

describe('warnings', () => {
  test.each([
    [
      `minQuality: 0.5\nfallback: [{ provider: us, model: c, quality: 0.9 }, { provider: us, model: d, quality: 0.1 }]`,
      [
        'warning: models.m.candidates[0]: is never tried: it has no quality, and the model has minQuality',
        'warning: models.m.candidates[1]: is never tried: it has no quality, and the model has minQuality',
        'warning: models.m.fallback[1]: is never tried: its quality is below minQuality',
      ],
    ],
    [`costTolerance: 0.1`, ['warning: models.m.costTolerance: has no effect: `pick` is not cost']],
    [
      `fallback: [{ provider: us, model: a }]`,
      ['warning: models.m.fallback[0]: is listed before, and no upstream is tried twice'],
    ],
    [
      `mirror: { use: { provider: eu, model: e } }`,
      [
        'warning: models.m.mirror.use.provider: copies take places of its maxConcurrent, which clients need too; name a provider of its own for them',
      ],
    ],
    [`mirror: { use: { provider: us, model: e } }`, []],
    [
      `capture: { images: true, use: [{ provider: eu, model: c, weight: 2 }] }`,
      ['warning: models.m.capture.use[0].weight: has no effect: capture is tried in order'],
    ],
  ])('%s', (model, warnings) => {
    expect(found(model)).toEqual(warnings);
  });

  test('a class of data that may go nowhere', () => {
    expect(found('pick: ordered', 'dataClasses: { pii: [] }')).toEqual([
      'warning: dataClasses.pii: no region, so every request with such data is refused',
    ]);
  });
});
