// What is known of NATs of all kinds, for one transport, and how two of them are paired.

import type { NatProfile, Transport } from '@pinhole/wire';
import { type Pairing, pairingOf } from './pairing.ts';
import { unknownProfile } from './profile.ts';

/** What a check finds out, for one transport. */
export const easy: NatProfile = {
  mapping: 'endpoint-independent',
  filtering: 'address-and-port-dependent',
  allocation: { kind: 'preserving' },
  answersSyn: 'no',
  poisonable: 'no',
  simultaneousOpen: 'yes',
  natHops: 1,
};
/** Of which a check cannot tell what it does with early packets. */
export const symmetric: NatProfile = {
  ...easy,
  mapping: 'address-and-port-dependent',
  allocation: { kind: 'range', firstPort: 1024, size: 64_512 },
  poisonable: 'unknown',
  simultaneousOpen: 'unknown',
};
export const counting = (step: number, lastPort: number): NatProfile['allocation'] => ({
  kind: 'sequential',
  step,
  lastPort,
});

export const kinds = {
  none: { ...easy, filtering: 'endpoint-independent', natHops: 0 },
  'eim-eif': { ...easy, filtering: 'endpoint-independent' },
  'eim-adf': { ...easy, filtering: 'address-dependent' },
  'eim-apdf': easy,
  'eim-cgn': { ...easy, natHops: 2 },
  'eim-apdf-rst': { ...easy, answersSyn: 'yes' },
  'eim-apdf-poisonable': { ...easy, answersSyn: 'yes', poisonable: 'yes' },
  'eim-apdf-poisonable-silent': { ...easy, poisonable: 'yes' },
  'eim-apdf-no-simultaneous-open': { ...easy, simultaneousOpen: 'no' },
  'adm-adf': { ...symmetric, mapping: 'address-dependent', filtering: 'address-dependent' },
  'adm-apdf': { ...symmetric, mapping: 'address-dependent' },
  'apdm-eif': { ...symmetric, filtering: 'endpoint-independent' },
  'apdm-apdf': symmetric,
  'apdm-apdf-block': { ...symmetric, allocation: { kind: 'range', firstPort: 2048, size: 512 } },
  'apdm-apdf-block2016': { ...symmetric, allocation: { kind: 'range', firstPort: 2048, size: 2016 } },
  'apdm-apdf-sequential': { ...symmetric, allocation: counting(1, 40_000) },
  'apdm-apdf-sequential2': { ...symmetric, allocation: counting(2, 40_000) },
  unknown: unknownProfile,
} as const satisfies Record<string, NatProfile>;
export type Kind = keyof typeof kinds;
export const names = Object.keys(kinds) as Kind[];

export const sourcePort = 49_153;
export const targetPort = 50_000;

export function between(source: Kind, target: Kind, transport: Transport): Pairing {
  return pairingOf(
    { profile: kinds[source], port: sourcePort },
    { profile: kinds[target], port: targetPort },
    transport,
  );
}
