import { randomBytes } from 'node:crypto';
import type { Exchange, Note, NoteValue } from '../../exchange.ts';
import { type Mode, modeFor } from '../../mode.ts';
import type { ModelRequest } from '../../model/request.ts';
import { eachText, mapTexts, type TextPlace } from '../../model/texts.ts';
import { type EventFilter, type Policy, type PolicyHooks, pass, refuse, type Verdict } from '../../policy.ts';
import type { Meter } from '../../ports/meter.ts';
import { noThreads, type Offload } from '../../ports/offload.ts';
import { TextMemory } from '../text-memory.ts';
import { answerFilter } from './answer.ts';
import type { EntityName, PiiAction, PiiConfig } from './config.ts';
import { customFinders } from './custom.ts';
import { loadTagger } from './finders/names.ts';
import type { Finder, Finding } from './finding.ts';
import { type PiiJob, piiTask } from './job.ts';
import { placeholderOf } from './placeholder.ts';
import { restoreFilter } from './restore.ts';
import { findPii, labelOf, scanSteps } from './scan.ts';
import { KnownValues } from './spread.ts';
import { Vault } from './vault.ts';

export interface PiiDeps {
  readonly meter: Meter;
  /** What `hashKey` refers to; a random one for this process when left out. */
  readonly hashKey?: Uint8Array;
  /** Absent: long texts are scanned in steps on this thread. */
  readonly offload?: Offload;
}

/**
 * Finds personal data and secrets in every text of a request and does with them what their entity demands; puts values
 * back into the answer. Stands behind the guard and before `upstream`, which may choose by its note's `dataClasses`.
 * Refuses with `pii_blocked`; fails closed. A request in which nothing is found goes on as it is, and no filter is put
 * into its answer.
 */
export const piiPolicy = (config: PiiConfig, deps: PiiDeps): Policy => {
  if (config.mode !== 'off' || config.overrides.length > 0) loadTagger();
  const rules = rulesOf(config);
  const secret = deps.hashKey ?? randomBytes(32);
  const seen = new TextMemory<Finding[]>({ maxSize: mostRemembered, sizeOf: ({ length }) => 1 + length });
  return {
    name: 'pii',
    failOpen: false,
    begin: (exchange) => new PiiExchange({ config, deps, rules, secret, seen, exchange }).hooks,
  };
};

/** What the configuration says, ready to be asked for each finding. */
interface Rules {
  readonly finders: readonly Finder[];
  readonly wants: (finding: Finding) => boolean;
  readonly actionOf: (finding: Pick<Finding, 'type' | 'label'>) => PiiAction;
  readonly mayRestore: (type: EntityName) => boolean;
}

const rulesOf = (config: PiiConfig): Rules => {
  const entities = new Set<EntityName>([...config.entities, 'custom']);
  const own = new Map([...config.patterns, ...config.words].map(({ name, action }) => [name, action]));
  return {
    finders: customFinders(config),
    wants: ({ type, confidence }) => entities.has(type) && confidence >= config.minConfidence,
    actionOf: ({ type, label }) =>
      (label === undefined ? undefined : own.get(label)) ?? config.actions[type] ?? config.action,
    mayRestore: (type) => config.restore && (config.restoreSecrets || !isSecret(type)),
  };
};

const isSecret = (type: EntityName): boolean => type === 'secret' || type === 'password';

interface Setup {
  readonly config: PiiConfig;
  readonly deps: PiiDeps;
  readonly rules: Rules;
  readonly secret: Uint8Array;
  /** Where things stand in texts that came before, never what they are. */
  readonly seen: TextMemory<Finding[]>;
  readonly exchange: Exchange;
}

/** Kinds that single words are only guessed to be; names of fields and values of enumerations are no such words. */
const guessed: ReadonlySet<EntityName> = new Set([
  'person',
  'address',
  'location',
  'organization',
  'title',
  'zip',
  'username',
]);

/** Texts and findings in them that are remembered. */
const mostRemembered = 100_000;

/** More text than this is scanned on another thread: copying it there and waiting for its turn pays only then. */
const offloadChars = 16_384;
/** Characters that finders read, each for itself, before other work has its turn. */
const pauseEvery = 65_536;

class PiiExchange {
  readonly #setup: Setup;
  readonly #answerCounts = new Map<string, number>();
  #mode: Mode = 'off';
  #vault: Vault | undefined;
  #request: ModelRequest | undefined;

  constructor(setup: Setup) {
    this.#setup = setup;
  }

  get hooks(): PolicyHooks {
    return {
      request: (request) => this.#take(request),
      response: () => this.#filter(),
      settle: () => this.#noteAnswer(),
    };
  }

  async #take(request: ModelRequest): Promise<Verdict> {
    const { config, exchange } = this.#setup;
    this.#mode = modeFor(config, { consumer: exchange.consumer, model: request.requestModel });
    if (this.#mode === 'off') return pass();
    this.#request = request;
    const found = await this.#scan(request);
    if (found.counts.size === 0) return pass();
    this.#count(found.counts, 'request');
    const blocked = [...found.counts.values()].filter(({ action }) => action === 'block');
    if (blocked.length > 0) {
      this.#note(found, this.#mode === 'enforce' ? 'refused' : 'would-refuse');
      return this.#mode === 'enforce' ? refuse('pii_blocked', { message: blockedMessage(blocked) }) : pass();
    }
    const changes = [...found.counts.values()].some(({ action }) => action !== 'tag');
    if (!changes) this.#note(found, 'flagged');
    else this.#note(found, this.#mode === 'enforce' ? 'changed' : 'would-change');
    return changes && this.#mode === 'enforce' ? pass({ request: this.#redact(request, found) }) : pass();
  }

  async #scan(request: ModelRequest): Promise<Found> {
    const { rules } = this.#setup;
    const places: TextPlace[] = [];
    const texts: string[] = [];
    eachText(request, (text, place) => {
      texts.push(text);
      places.push(place);
    });
    const findings = await this.#findings(texts);
    const found = new Found(rules);
    texts.forEach((text, at) => {
      found.add(text, places[at] ?? 'user', (findings[at] ?? []).filter(rules.wants));
    });
    return found;
  }

  /** Reads only what did not come before. */
  async #findings(texts: readonly string[]): Promise<readonly Finding[][]> {
    const { seen } = this.#setup;
    const known = texts.map((text) => {
      const key = seen.keyOf(text);
      return { text, key, findings: seen.get(key) };
    });
    const unknown = known.filter(({ findings }) => findings === undefined);
    if (unknown.length > 0) {
      const unread = unknown.map(({ text }) => text);
      const found = (await this.#scanElsewhere(unread)) ?? (await this.#scanHere(unread));
      unknown.forEach((one, at) => {
        const findings = found[at];
        if (!findings) throw new Error('a text was not scanned'); // refuses: what nobody read must not pass
        one.findings = findings;
        seen.set(one.key, findings);
      });
    }
    return known.map(({ findings = [] }) => findings);
  }

  /** Undefined: not worth it, or no thread can take it. */
  async #scanElsewhere(texts: readonly string[]): Promise<readonly Finding[][] | undefined> {
    const { config, deps } = this.#setup;
    const chars = texts.reduce((sum, it) => sum + it.length, 0);
    if (chars <= offloadChars || !deps.offload) return undefined;
    const { patterns, words } = config;
    const job: PiiJob = { texts, patterns, words };
    const findings = await deps.offload.run(piiTask, job).catch(() => undefined);
    return isForEach(findings, texts) ? findings : undefined;
  }

  async #scanHere(texts: readonly string[]): Promise<readonly Finding[][]> {
    const { rules, deps } = this.#setup;
    const offload = deps.offload ?? noThreads;
    const findings: Finding[][] = [];
    let sincePause = 0;
    for (const text of texts) {
      const steps = scanSteps(text, rules.finders);
      for (let step = steps.next(); ; step = steps.next()) {
        if (step.done) {
          findings.push(step.value);
          break;
        }
        sincePause += step.value;
        if (sincePause < pauseEvery) continue;
        sincePause = 0;
        await offload.breathe();
      }
    }
    return findings;
  }

  #redact(request: ModelRequest, found: Found): ModelRequest {
    const { rules, secret, exchange, config } = this.#setup;
    const texts = found.texts();
    const vault = new Vault({
      actionOf: rules.actionOf,
      mayRestore: rules.mayRestore,
      secret,
      conversation: `${exchange.consumer.keyId}\0${texts[0] ?? ''}`,
      isTaken: (text) => texts.some((it) => it.includes(text)),
    });
    this.#vault = vault;
    const redacted = mapTexts(request, (text, place) => vault.replace(text, found.of(text, place)));
    if (!config.explain || vault.size === 0) return redacted;
    return { ...redacted, system: [...redacted.system, { text: explanation }] };
  }

  #filter(): EventFilter | undefined {
    const { config, rules } = this.#setup;
    const request = this.#request;
    if (this.#mode !== 'enforce' || !request) return undefined;
    const kind = request.output?.kind;
    const textWriting = kind === 'json' || kind === 'schema' ? 'json' : 'plain';
    const restore = this.#vault && restoreFilter({ entries: this.#vault.entries(), textWriting });
    if (!config.redactAnswer) return restore;
    const supplied: string[] = [];
    eachText(request, (text) => void supplied.push(text));
    const redact = answerFilter({
      find: (text) =>
        findPii(text, rules.finders).filter((it) => rules.wants(it) && rules.actionOf(it) !== 'tag'),
      isSupplied: (value) => supplied.some((text) => text.includes(value)),
      textWriting,
      onFound: (finding) => this.#countAnswer(finding),
    });
    return restore ? inTurn(redact, restore) : redact;
  }

  #countAnswer(finding: Finding): void {
    const label = labelOf(finding);
    this.#answerCounts.set(label, (this.#answerCounts.get(label) ?? 0) + 1);
    this.#count(new Map([[label, { label, action: 'redact', count: 1 }]]), 'answer');
  }

  #noteAnswer(): void {
    if (this.#answerCounts.size === 0) return;
    const facts = { answerEntities: Object.fromEntries(this.#answerCounts) };
    this.#setup.exchange.notes.push({ policy: 'pii', verdict: 'changed', facts });
  }

  #count(counts: ReadonlyMap<string, Count>, direction: 'request' | 'answer'): void {
    for (const { label, action, count } of counts.values())
      this.#setup.deps.meter.count(
        'nexus_pii_entities_total',
        { entity: label, action, mode: this.#mode, direction },
        count,
      );
  }

  #note(found: Found, verdict: Note['verdict']): void {
    this.#setup.exchange.notes.push({ policy: 'pii', verdict, facts: found.facts() });
  }
}

/** One list of findings for each text: nothing less may pass for a scan. */
const isForEach = (found: unknown, texts: readonly string[]): found is Finding[][] =>
  Array.isArray(found) && found.length === texts.length && found.every((it) => Array.isArray(it));

const explanation = `Parts of this conversation such as ${placeholderOf('EMAIL', 1, 'xyz')} stand for real values. Write them exactly as they are wherever you mean the value.`;

const blockedMessage = (blocked: readonly Count[]): string =>
  `The prompt holds personal data that policy does not let out: ${blocked.map(({ label, count }) => `${count} ${label}`).join(', ')}.`;

interface Count {
  readonly label: string;
  readonly action: PiiAction;
  readonly count: number;
}

/** What a request holds, by text; a value found once is found in every text. */
class Found {
  readonly counts = new Map<string, Count>();
  readonly #rules: Rules;
  readonly #places = new Map<TextPlace, number>();
  readonly #byText = new Map<string, readonly Finding[]>();
  readonly #known = new KnownValues();

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  add(text: string, place: TextPlace, findings: readonly Finding[]): void {
    this.#byText.set(text, findings);
    for (const finding of inPlace(text, place, findings)) {
      const label = labelOf(finding);
      const action = this.#rules.actionOf(finding);
      this.counts.set(label, { label, action, count: (this.counts.get(label)?.count ?? 0) + 1 });
      this.#places.set(place, (this.#places.get(place) ?? 0) + 1);
      if (action !== 'tag') this.#known.add(text.slice(finding.start, finding.end), finding);
    }
  }

  texts(): readonly string[] {
    return [...this.#byText.keys()];
  }

  of(text: string, place: TextPlace): readonly Finding[] {
    return this.#known.spread(text, inPlace(text, place, this.#byText.get(text) ?? []));
  }

  /** For the record: names of types, actions, places and classes, and counts; no value. */
  facts(): Readonly<Record<string, NoteValue>> {
    const counts = [...this.counts.values()];
    return {
      entities: Object.fromEntries(counts.map(({ label, count }) => [label, count])),
      actions: Object.fromEntries(counts.map(({ label, action }) => [label, action])),
      places: Object.fromEntries(this.#places),
      dataClasses: [...new Set(counts.map(({ label }) => classOf(label)))],
    };
  }
}

/** Words alone in a schema or in a vendor's field are names of ours or of theirs, not of people. */
const inPlace = (text: string, place: TextPlace, findings: readonly Finding[]): readonly Finding[] =>
  (place === 'vendor' || place === 'tool-definition') && !/\s/.test(text)
    ? findings.filter(({ type }) => !guessed.has(type))
    : findings;

/** By which a later policy may choose where a request may go. */
const classOf = (label: string): string => {
  if (label === 'SECRET' || label === 'PASSWORD') return 'secret';
  return label === 'CARD' || label === 'IBAN' || label === 'ACCOUNT' ? 'payment' : 'pii';
};

const inTurn = (first: EventFilter, second: EventFilter): EventFilter => ({
  push: (event) => first.push(event).flatMap((it) => second.push(it)),
  flush: () => [...(first.flush?.() ?? []).flatMap((it) => second.push(it)), ...(second.flush?.() ?? [])],
});
