import { duplexPair } from 'node:stream';
import type * as kongPdk from 'kong-pdk/kong/index.js';
import { expect, expectTypeOf, test } from 'vitest';
import { Channel } from './channel.ts';
import { type Kong, kongOver } from './pdk.ts';

/** The parts that we have, too; in others its typings name files that do not exist. */
type Pdk = Pick<kongPdk.default, Exclude<keyof Kong, 'call'>>;
type Method = (...args: never[]) => unknown;

/** The methods of a PDK by their paths: `client.getConsumer`. */
type Methods<T, Path extends string = ''> = {
  [K in keyof T & string]: T[K] extends Method
    ? { readonly path: `${Path}${K}`; readonly method: T[K] }
    : Methods<T[K], `${Path}${K}.`>;
}[keyof T & string];

type Ours = Methods<Omit<Kong, 'call'>>;
type Named<M, P extends string> = M extends { readonly path: P; readonly method: infer F } ? F : never;
type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;

/** kong-pdk 0.6.0 has lost the parameter of this one; Kong's own PDK (kong/pdk/nginx.lua) takes a name. */
type WithoutParameters = 'nginx.getVar';
/** Its text is typed as bytes there. Kong takes both. */
type TextAsBytes = 'response.exit';

test('every method is named as in kong-pdk, and takes the same', () => {
  expectTypeOf<Exclude<Ours['path'], Methods<Pdk>['path']>>().toEqualTypeOf<never>();
  type Checked = Exclude<Ours['path'], WithoutParameters | TextAsBytes>;
  type Differing = {
    [P in Checked]: Arguments<Named<Ours, P>> extends Arguments<Named<Methods<Pdk>, P>> ? never : P;
  }[Checked];
  expectTypeOf<Differing>().toEqualTypeOf<never>();
});

test('nothing is on the object that the types do not know', () => {
  const [socket] = duplexPair();
  const kong = kongOver(new Channel(socket, { onCall: () => {}, onBroken: () => {} }));
  expect(paths(kong).sort()).toEqual([
    'call',
    'client.getConsumer',
    'nginx.getVar',
    'request.getHeaders',
    'response.exit',
    'service.request.setHeader',
    'service.setTarget',
  ]);
});

const paths = (value: object, prefix = ''): string[] =>
  Object.entries(value).flatMap(([name, of]) =>
    typeof of === 'function' ? [prefix + name] : paths(of, `${prefix}${name}.`),
  );
