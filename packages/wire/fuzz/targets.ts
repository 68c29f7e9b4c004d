import { target as icmp } from './icmp.ts';
import { target as stamp } from './stamp.ts';
import { target as stun } from './stun.ts';
import type { FuzzTarget } from './target.ts';

export const targets: readonly FuzzTarget[] = [icmp, stamp, stun];
