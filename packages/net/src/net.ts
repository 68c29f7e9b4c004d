import { linuxNetAvailable } from './linux/libc.ts';
import { createLinuxNet } from './linux/net.ts';
import { createNodeNet } from './node/net.ts';
import type { Net } from './types.ts';

export type NetKind = 'linux' | 'node';

export interface ChosenNet {
  readonly kind: NetKind;
  readonly net: Net;
  /** Why it is not the Linux implementation; null where it is, or was not wanted. */
  readonly reason: string | null;
}

/** The best implementation here, or the one preferred where it can be had. Never throws. */
export function createNet(preference?: NetKind): ChosenNet {
  if (preference === 'node') return { kind: 'node', net: createNodeNet(), reason: null };
  const availability = linuxNetAvailable();
  if (!availability.available) return { kind: 'node', net: createNodeNet(), reason: availability.reason };
  return { kind: 'linux', net: createLinuxNet(), reason: null };
}
