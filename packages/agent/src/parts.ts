// What an agent is put together from, for whoever puts one together without a collector: on a simulated network, many
// times over.

export { askMapped } from './discovery/mapped.ts';
export type { AgentPort } from './port/port.ts';
export { TcpPort } from './port/tcp.ts';
export { UdpPort } from './port/udp.ts';
export { Approach, wayOf } from './rounds/approach.ts';
export type { NotMet, Start } from './rounds/meeting.ts';
export { ownSide } from './rounds/own-side.ts';
export { Session } from './session/session.ts';
export type { SessionOutcome } from './session/state.ts';
export type { DirectionReport, ReflectorReport, StampReport } from './stamp/figures.ts';
export { type AddressPrefix, parsePrefix } from './stamp/prefix.ts';
export { leastProbeBytes } from './stamp/probe.ts';
export { type StampReflector, type StampReflectorOptions, startStampReflector } from './stamp/reflecting.ts';
export type { ReflectorCount, ReflectorCounts } from './stamp/reflector.ts';
export { type StampRoundOptions, sendStampRound } from './stamp/sending.ts';
