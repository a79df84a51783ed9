import { stringify } from 'yaml';
import type { Message } from './proto.ts';

/** A configuration as YAML below `comment` (lines without their `#`). */
export const formatYaml = (message: Message, comment: readonly string[]): string => {
  const head = comment.map((line) => `# ${line}\n`).join('');
  return head + stringify(message, { aliasDuplicateObjects: false, lineWidth: 0 });
};
