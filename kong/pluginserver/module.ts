import type { Awaitable } from '../../plugins/policy.ts';
import type { KongField } from '../schema.ts';
import type { Kong } from './pdk.ts';

/** The phases of a request that Kong hands to external plugins. */
const phases = ['certificate', 'rewrite', 'access', 'response', 'preread', 'log'] as const;
export type Phase = (typeof phases)[number];

export const isPhase = (name: string): name is Phase => phases.some((phase) => phase === name);

/** One configured plugin: a method for each phase that it wants. */
export type Phases = { [P in Phase]?: (kong: Kong) => Awaitable<void> };

/** A plugin with the exports of kong-pdk 0.6.0. `World` is what its instances share: Kong restarts instances at will. */
export interface PluginModule<World> {
  readonly Name: string;
  readonly Version: string;
  readonly Priority: number;
  readonly Schema: readonly KongField[];
  /** May throw on settings that Kong's schema let pass: the instance then refuses everything. */
  readonly Plugin: new (
    config: unknown,
    world: World,
  ) => Phases;
}

/** What Kong asks for once, before it starts: Kong 3.9 takes the first plugin and no other. */
export const pluginInfo = <World>({ Name, Version, Priority, Schema, Plugin }: PluginModule<World>) => ({
  Protocol: 'ProtoBuf:1',
  Plugins: [
    {
      Name,
      Version,
      Priority,
      Phases: phases.filter((phase) => phase in Plugin.prototype),
      Schema: { name: Name, fields: [{ config: { type: 'record', fields: Schema } }] },
    },
  ],
});
