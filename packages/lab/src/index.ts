export * from './capture/capture.ts';
export { type PacketHeaders, tcpFlag } from './capture/packet.ts';
export { type DescriptionOptions, labExec, labList, labRun, labUp } from './command/commands.ts';
export { type DemoOptions, runDemo } from './demo/demo.ts';
export { eventually, type RestClient, restClient } from './demo/rest.ts';
export {
  type LabDescription,
  type NatDescription,
  natLabel,
  natLayers,
  parseDescription,
  type SiteDescription,
} from './description.ts';
export { type Availability, insideLab, labAvailable } from './enter/available.ts';
export { enterPrivateNamespaces } from './enter/enter.ts';
export { LabError, type LabErrorCode } from './error.ts';
export type { Execution } from './execute.ts';
export { type BuildOptions, buildLab, type Lab, type Site } from './lab.ts';
export type { LinkDescription } from './link/profile.ts';
export { type LinkRecord, type RecordedPacket, readLinkRecord } from './link/record.ts';
export { cellsOf } from './matrix/cells.ts';
export { labMatrix, type MatrixCommandOptions } from './matrix/command.ts';
export { expected, expectedWords } from './matrix/expected.ts';
export { isAsExpected, resultLine } from './matrix/outcome.ts';
export { runMatrix } from './matrix/run.ts';
export * from './nat/behaviour.ts';
export * from './nat/kinds.ts';
export { asOne } from './nat/layers.ts';
export { ordinaryUserId } from './ordinary-user.ts';
export type { PathDescription, Segment } from './path/description.ts';
export type { Hop, Way } from './path/way.ts';
export type { Place, PlaceRunOptions, PlaceSpawnOptions } from './place.ts';
export type { Measured, MeasuredAllocation, MeasuredMapping, MeasuredProtocol } from './verify/judge.ts';
export { largeProbe, type TraceAnswer } from './verify/trace.ts';
export { verifyLab } from './verify/verify.ts';
export { wayFaults } from './verify/way-faults.ts';
