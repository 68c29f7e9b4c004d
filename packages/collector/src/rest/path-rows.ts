// Traced paths as v7's rows. Pure.

import { createHash } from 'node:crypto';
import type {
  MplsLabel,
  PathTrace,
  PathVisDetailResult,
  PathVisHop,
  PathVisResult,
  PathVisRoute,
  PathVisTrace,
  TracedHop,
  TracedResult,
} from '@pinhole/contract';
import { formatEndpoint, type IpAddress, parseIpAddress } from '@pinhole/wire';
import type { NetworkDatabase } from '../networks/facts.ts';
import { networkMembers } from './network-members.ts';
import { optional } from './optional.ts';
import { type RowNames, rowFrame } from './row-frame.ts';

export interface PathRowNames extends RowNames {
  readonly networks: NetworkDatabase;
}

export interface PathDetailNames extends PathRowNames {
  /** By address, as far as known. */
  readonly hopNames: ReadonlyMap<IpAddress, string>;
}

/** One direction of one pair's round, each trace in one line. */
export function pathRow(result: TracedResult, names: PathRowNames): PathVisResult {
  return {
    ...pathFrame(result, names),
    pathTraces: result.traces.map((trace, index) => traceBody(trace, pathId(result, trace, index))),
  };
}

/** The same with every hop. */
export function pathDetailRow(result: TracedResult, names: PathDetailNames): PathVisDetailResult {
  return {
    ...pathFrame(result, names),
    pathTraces: result.traces.map((trace, index) => routeBody(trace, pathId(result, trace, index), names)),
  };
}

function pathFrame(result: TracedResult, names: PathRowNames) {
  return {
    ...rowFrame([result], result.direction, names),
    ...ends(result, names.networks),
    ...(result.limitation !== null && { limitation: result.limitation }),
  };
}

/** The test's two ends, of which the one or the other has traced. */
function ends({ traces, direction }: TracedResult, networks: NetworkDatabase) {
  const [trace] = traces;
  if (trace === undefined) return {};
  const [source, target] =
    direction === 'to-target' ? [trace.source, trace.target] : [trace.target, trace.source];
  const serverIp = parseIpAddress(target.address);
  const sourceIp = parseIpAddress(source.address);
  const sourcePrefix = sourceIp === null ? null : networks.find(sourceIp).prefix;
  // A classic trace leaves from a port of its own, which says nothing of the target.
  const hasTestPort = direction === 'to-target' || trace.mode === 'in-session';
  const server = (address: IpAddress) =>
    hasTestPort ? formatEndpoint({ address, port: target.port }) : address;
  return {
    ...(serverIp !== null && { server: server(serverIp), serverIp }),
    ...(sourceIp !== null && { sourceIp }),
    ...(sourcePrefix !== null && { sourcePrefix }),
  };
}

/** As long as v7's are: 184 bits in decimal. Another one when other traces have taken the place of these. */
function pathId(result: TracedResult, { startedAtMs }: PathTrace, index: number): string {
  const { testId, roundId, sourceAgentId, targetAgentId, direction } = result;
  const name = [testId, roundId, sourceAgentId, targetAgentId, direction, startedAtMs, index].join('|');
  const digest = createHash('sha256').update(name).digest('hex');
  return BigInt(`0x${digest.slice(0, 46)}`).toString();
}

function traceBody(trace: PathTrace, id: string): PathVisTrace {
  const last = trace.hops.findLast(({ address }) => address !== null);
  const responseTimeMs = trace.end === 'reached' ? mean(last?.roundTripsMs ?? []) : null;
  return {
    pathId: id,
    ...(last?.address != null && { ipAddress: canonical(last.address) }),
    numberOfHops: trace.hops.length,
    ...(responseTimeMs !== null && { responseTime: Math.round(responseTimeMs), responseTimeMs }),
    ...traceFacts(trace),
  };
}

function routeBody(trace: PathTrace, id: string, names: PathDetailNames): PathVisRoute {
  return {
    pathId: id,
    hops: trace.hops.map((hop) => hopBody(hop, names)),
    ...traceFacts(trace),
    probeSource: trace.source,
    probeTarget: trace.target,
    ...optional('ttlRewrittenAt', trace.ttlRewrittenAt),
    startedAtMs: trace.startedAtMs,
    finishedAtMs: trace.finishedAtMs,
  };
}

function traceFacts({ mode, protocol, end, endIcmp, pathMtu, mss }: PathTrace) {
  return {
    mode,
    protocol,
    end,
    ...optional('endIcmp', endIcmp),
    ...optional('pathMtu', pathMtu),
    ...optional('mss', mss),
  };
}

function hopBody(hop: TracedHop, { networks, hopNames }: PathDetailNames): PathVisHop {
  const address = hop.address === null ? null : parseIpAddress(hop.address);
  const responseTimeMs = mean(hop.roundTripsMs);
  return {
    hop: hop.ttl,
    ...optional('ipAddress', address ?? hop.address),
    ...(address !== null && {
      ...optional('rdns', hopNames.get(address)),
      ...networkMembers(networks.find(address)),
    }),
    ...optional('responseTime', responseTimeMs === null ? null : Math.round(responseTimeMs)),
    ...(hop.mpls.length > 0 && { mpls: hop.mpls.map(labelText).join('/') }),
    sent: hop.sent,
    roundTripsMs: hop.roundTripsMs,
    ...optional('icmp', hop.icmp),
    ...optional('quotedTtl', hop.quotedTtl),
    mplsLabels: hop.mpls,
    ...optional('mtu', hop.mtu),
    ...optional('nat', hop.nat),
  };
}

function labelText({ label, trafficClass, bottom, ttl }: MplsLabel): string {
  return `L=${label},E=${trafficClass},S=${bottom ? 1 : 0},T=${ttl}`;
}

function canonical(address: string): string {
  return parseIpAddress(address) ?? address;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
