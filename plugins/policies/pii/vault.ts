import { createHmac } from 'node:crypto';
import type { EntityName, PiiAction } from './config.ts';
import type { Finding } from './finding.ts';
import { hashedOf, nonceOf, placeholderOf } from './placeholder.ts';
import { labelOf } from './scan.ts';

/** What is done with each entity, by its name; those of the operator by their label. */
export type ActionOf = (finding: Pick<Finding, 'type' | 'label'>) => PiiAction;

export interface VaultSettings {
  readonly actionOf: ActionOf;
  /** May the value of this entity go back into the answer? */
  readonly mayRestore: (type: EntityName) => boolean;
  /** Key of hashes and nonces. */
  readonly secret: Uint8Array;
  /** Makes the nonce differ between conversations, and stay within one, so that a provider's prompt cache holds. */
  readonly conversation: string;
  /** Does a text of the request hold this? A nonce that somebody wrote there is not used. */
  readonly isTaken: (text: string) => boolean;
}

/** One value that is away. */
export interface Entry {
  readonly placeholder: string;
  readonly value: string;
  readonly type: EntityName;
  readonly canRestore: boolean;
}

/** The values of one exchange and what stands for them. Lives in memory, for that exchange only. */
export class Vault {
  readonly #settings: VaultSettings;
  readonly #nonce: string;
  readonly #entries = new Map<string, Entry>();
  readonly #counts = new Map<string, number>();

  constructor(settings: VaultSettings) {
    this.#settings = settings;
    this.#nonce = freeNonce(settings);
  }

  get size(): number {
    return this.#entries.size;
  }

  entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  /** The text with what was found replaced as its entity demands. `findings` in order, without overlaps. */
  replace(text: string, findings: readonly Finding[]): string {
    let replaced = '';
    let at = 0;
    for (const finding of findings) {
      replaced +=
        text.slice(at, finding.start) + this.#standIn(text.slice(finding.start, finding.end), finding);
      at = finding.end;
    }
    return replaced + text.slice(at);
  }

  #standIn(value: string, finding: Finding): string {
    switch (this.#settings.actionOf(finding)) {
      case 'mask':
        return masked(value);
      case 'hash':
        return hashedOf(
          labelOf(finding),
          createHmac('sha256', this.#settings.secret).update(value).digest('hex'),
        );
      case 'redact':
        return this.#placeholder(value, finding);
      default:
        return value; // tagged; what is blocked never comes here
    }
  }

  #placeholder(value: string, finding: Finding): string {
    const known = this.#entries.get(value);
    if (known) return known.placeholder;
    const label = labelOf(finding);
    const count = (this.#counts.get(label) ?? 0) + 1;
    this.#counts.set(label, count);
    const placeholder = placeholderOf(label, count, this.#nonce);
    this.#entries.set(value, {
      placeholder,
      value,
      type: finding.type,
      canRestore: this.#settings.mayRestore(finding.type),
    });
    return placeholder;
  }
}

/** The first nonce of the conversation that no text of the request holds: a placeholder that the client wrote stays what it is. */
const freeNonce = ({ secret, conversation, isTaken }: VaultSettings): string => {
  for (let draw = 0; ; draw++) {
    const nonce = nonceOf(createHmac('sha256', secret).update(`${draw}\0${conversation}`).digest());
    if (draw >= 256 || !isTaken(`_${nonce}]`)) return nonce;
  }
};

/** How many characters at the end a mask leaves, of values that are long enough to hide behind it. */
const visible = 4;

/** `************1234`; short values are hidden whole, and signs between letters and digits stay. */
const masked = (value: string): string => {
  const signs = [...value];
  const shown = signs.length >= 2 * visible ? visible : 0;
  return signs
    .map((sign, at) => (at < signs.length - shown && /[\p{L}\p{N}]/u.test(sign) ? '*' : sign))
    .join('');
};
