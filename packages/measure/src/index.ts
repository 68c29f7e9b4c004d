export {
  type ClockEstimate,
  type ClockLine,
  estimateClock,
  estimateRound,
  offsetAtNs,
  type RoundClock,
  type Span,
} from './clock/estimate.ts';
export { isPlausibleExchange, reversedExchange, roundTripNs } from './clock/exchange.ts';
export { type ClockHistory, emptyClockHistory, withRound } from './clock/history.ts';
export {
  type ClockFigures,
  type DelayFigures,
  type DirectionRecords,
  type Measurement,
  measureDirection,
  measureRound,
  type SpreadMs,
} from './measurement.ts';
export type { PathDirection, PathGraph, PathLink, PathNode } from './path/graph.ts';
export { mergePaths, type TracedDirection } from './path/merge.ts';
export { natsOn } from './path/nats.ts';
export { traceText } from './path/text.ts';
export type { NatReason, PathTrace, TracedHop, TraceEndpoint } from './path/trace.ts';
export type { ClockExchange, ReceivedProbe, SentProbe } from './records.ts';
export {
  defaultLossThresholdNs,
  defaultProbeCount,
  maxSendingNs,
  planRound,
  type RoundPlan,
} from './round-plan.ts';
