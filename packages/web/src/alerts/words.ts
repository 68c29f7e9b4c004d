import type { AlertSeverity } from '@pinhole/contract';
import type { Tone } from '../ui/status.tsx';

export const severityWords: Readonly<Record<AlertSeverity, { tone: Tone; word: string }>> = {
  info: { tone: 'accent', word: 'Info' },
  minor: { tone: 'warn', word: 'Minor' },
  major: { tone: 'bad', word: 'Major' },
  critical: { tone: 'bad', word: 'Critical' },
  unknown: { tone: 'neutral', word: 'Unknown' },
};
