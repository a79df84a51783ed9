import { provenanceOf } from '../openai/provenance.ts';
import { name } from './wire.ts';

export const { readFrom, wireOf, shapeOf } = provenanceOf(name);
