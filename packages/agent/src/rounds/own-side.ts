// What this agent tells of itself for a meeting: what its NAT is like, as freshly as it matters, and where it will be.

import type { Net } from '@pinhole/net';
import { type Endpoint, ip, type NatProfile, type OwnSide, type Transport } from '@pinhole/wire';
import { askMapped } from '../discovery/mapped.ts';
import type { AgentPort } from '../port/port.ts';

export interface OwnSideOptions {
  readonly net: Net;
  readonly port: (transport: Transport) => AgentPort;
  /** What the last compatibility check has found; null where there was none. */
  readonly profile: (transport: Transport) => NatProfile | null;
  /** The NAT traversal server; null while this agent is not registered. */
  readonly server: () => Endpoint | null;
}

/** The peer waits for it. */
const sampleTimeoutMs = 1_000;

/** `isFresh`: with a port made for it, where one is to be had. */
export async function ownSide(
  { net, port, profile, server }: OwnSideOptions,
  transport: Transport,
  sessionId: Uint8Array,
  isFresh: boolean,
): Promise<OwnSide> {
  const known = profile(transport);
  const at = server();
  if (at === null) return { profile: known, mapped: null };
  const mapped = isFresh ? await port(transport).renew(sessionId, at) : null;
  return { profile: known === null ? null : await counted(net, known, transport, at), mapped };
}

/** Where the NAT counts, the port that it gives now. Last of all: each further mapping takes the next one. */
async function counted(
  net: Net,
  profile: NatProfile,
  transport: Transport,
  server: Endpoint,
): Promise<NatProfile> {
  const { allocation } = profile;
  if (allocation.kind !== 'sequential') return profile;
  const local = { address: ip('0.0.0.0'), port: 0 };
  const asked = await askMapped(net, { transport, local, server, timeoutMs: sampleTimeoutMs });
  if (asked === null) return profile;
  asked.close();
  return { ...profile, allocation: { ...allocation, lastPort: asked.mapped.port } };
}
