import type { ModelRequest } from '../../model/request.ts';
import { eachTurnText, type TextPlace } from '../../model/texts.ts';
import type { GuardPlace } from './config.ts';
import type { Channel } from './rules.ts';

/** One text of a request and where it stands. */
export interface PlacedText {
  readonly text: string;
  readonly place: GuardPlace;
  readonly channel: Channel;
  /** For people: `user turn 3`. */
  readonly label: string;
}

const placeOf: Partial<Record<TextPlace, GuardPlace>> = {
  system: 'system',
  user: 'user',
  'tool-result': 'tool',
  document: 'document',
};

/** The texts of the places that are to be looked at, in their order. What assistants said is not looked at again. */
export const placedTexts = (request: ModelRequest, places: readonly GuardPlace[]): PlacedText[] => {
  const texts: PlacedText[] = [];
  const counts: Record<GuardPlace, number> = { system: 0, user: 0, tool: 0, document: 0 };
  const collector = () => {
    const counted = new Set<GuardPlace>();
    return (text: string, where: TextPlace) => {
      const place = placeOf[where];
      if (!place) return;
      if (!counted.has(place)) counts[place]++;
      counted.add(place);
      if (!places.includes(place) || text.trim() === '') return;
      texts.push({
        text,
        place,
        channel: place === 'user' ? 'user' : 'data',
        label: labelOf(place, counts[place]),
      });
    };
  };
  const collectSystem = collector();
  for (const { text } of request.system) collectSystem(text, 'system');
  for (const turn of request.turns) eachTurnText(turn, collector());
  return texts;
};

const labels: Readonly<Record<GuardPlace, string>> = {
  system: 'instructions',
  user: 'user turn',
  tool: 'tool result',
  document: 'document',
};

const labelOf = (place: GuardPlace, number: number): string =>
  place === 'system' ? labels[place] : `${labels[place]} ${number}`;
