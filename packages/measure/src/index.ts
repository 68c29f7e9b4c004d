export {
  type ClockEstimate,
  estimateClock,
  offsetAtNs,
  reversedExchange,
  roundTripNs,
  type Span,
} from './clock.ts';
export {
  type DelayFigures,
  type DirectionRecords,
  type Measurement,
  measureDirection,
} from './measurement.ts';
export type { ClockExchange, ReceivedProbe, SentProbe } from './records.ts';
export {
  defaultLossThresholdNs,
  defaultProbeCount,
  maxSendingNs,
  planRound,
  type RoundPlan,
} from './round-plan.ts';
