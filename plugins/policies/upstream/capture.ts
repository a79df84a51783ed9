import { type Condition, compileCondition } from '../../conditions.ts';
import { type Call, conditionFacts } from './call-facts.ts';
import type { Candidate } from './candidate.ts';
import type { CaptureConfig } from './config.ts';
import { allowedRegions } from './residency.ts';
import { hoursMatcher } from './time-of-day.ts';

/** A rule that sends some requests elsewhere. */
export interface Capture {
  /** As decisions name it. */
  readonly name: string;
  readonly use: readonly Candidate[];
  readonly fits: (call: Call) => boolean;
}

/** Makes a rule of its settings. `use` are its candidates, ready. */
export const captureOf = (
  config: CaptureConfig,
  { name, use }: { readonly name: string; readonly use: readonly Candidate[] },
): Capture => {
  const tests = testsOf(config);
  return { name, use, fits: (call) => tests.every((test) => test(call)) };
};

type Test = (call: Call) => boolean;

/** Only what is configured is asked, the cheap before the dear. */
const testsOf = (config: CaptureConfig): Test[] => {
  const { contextOver, images, tools, jsonSchema, region, team, application, hours, timeZone, when } = config;
  return [
    contextOver === undefined ? [] : [({ request }: Call) => request.inputTokens > contextOver],
    images === undefined ? [] : [({ request }: Call) => request.images === images],
    tools === undefined ? [] : [({ request }: Call) => request.tools === tools],
    jsonSchema === undefined ? [] : [({ request }: Call) => request.jsonSchema === jsonSchema],
    team === undefined ? [] : [({ exchange }: Call) => exchange.consumer.team === team],
    application === undefined ? [] : [({ exchange }: Call) => exchange.consumer.application === application],
    region === undefined ? [] : [onlyRegion(region)],
    hours === undefined ? [] : [inHours(hours, timeZone)],
    when === undefined ? [] : [conditionTest(when)],
  ].flat();
};

const onlyRegion =
  (region: string): Test =>
  ({ residency }) => {
    const allowed = allowedRegions(residency);
    return allowed?.length === 1 && allowed[0] === region;
  };

const inHours = (hours: string, timeZone: string): Test => {
  const within = hoursMatcher(hours, timeZone);
  return ({ epochMs }) => within(epochMs);
};

/** A `when:` as a test. Loading the configuration has compiled it before. */
export const conditionTest = (when: string): Test => {
  const condition: Condition = compiled(when);
  return (call) => condition(conditionFacts(call));
};

const compiled = (when: string): Condition => {
  const condition = compileCondition(when);
  if ('problem' in condition) throw new Error(`when: ${condition.problem}`);
  return condition;
};
