// The words of tests: what the person reads for what the API calls otherwise.

import type { Direction, PreflightOutcome, Protocol } from '@pinhole/contract';
import type { Tone } from '../ui/status.tsx';

export const directionWords: Readonly<Record<Direction, string>> = {
  'to-target': 'Source to Target',
  'from-target': 'Target to Source',
  bidirectional: 'Both Directions',
};

export const protocolWords: Readonly<Record<Protocol, string>> = { tcp: 'TCP', udp: 'UDP' };

export const outcomeWords: Readonly<Record<PreflightOutcome, { tone: Tone; word: string }>> = {
  direct: { tone: 'good', word: 'NAT traversal not needed' },
  traversal: { tone: 'good', word: 'NAT traversal will be used' },
  'likely-required': { tone: 'warn', word: 'NAT traversal is likely to be required' },
  'cannot-work': { tone: 'bad', word: 'Cannot work' },
  unknown: { tone: 'neutral', word: 'Not known yet' },
};
