// The agent: its port, registration, rounds and link to the collector, put together.

import {
  type AgentConfig,
  type AgentFacts,
  type AgentResult,
  type Assignment,
  defaultAgentPort,
} from '@pinhole/contract';
import { openProfile } from '@pinhole/nat';
import { type Net, SocketError, type Timer } from '@pinhole/net';
import { type NatProfile, type OwnSide, sameEndpoint, type Transport } from '@pinhole/wire';
import type { Logger } from 'pino';
import { CollectorApi } from './collector/api.ts';
import { CollectorLink } from './collector/link.ts';
import { CompatibilityCheck } from './compatibility/compatibility.ts';
import { AgentError } from './errors.ts';
import type { AgentPort, PortHandler } from './port/port.ts';
import { TcpPort } from './port/tcp.ts';
import { UdpPort } from './port/udp.ts';
import { Registration } from './registration/registration.ts';
import { ownSide } from './rounds/own-side.ts';
import { RoundPaths } from './rounds/paths.ts';
import { RoundProgress } from './rounds/progress.ts';
import { RoundRunner } from './rounds/runner.ts';
import { dueRounds, newRoundMemory } from './rounds/schedule.ts';
import { StateFolder } from './state/folder.ts';
import { Gathering } from './state/gathering.ts';
import { RoundThroughputs } from './throughput/throughputs.ts';

/** The contract's bounds: a host with more (each container has an interface) could not check in at all. */
const maxListed = 64;
const maxNameChars = 64;
const maxHostnameChars = 253;

export interface AgentOptions {
  readonly net: Net;
  readonly log: Logger;
  /** http:// or https://, as the collector's public URL. */
  readonly collectorUrl: string;
  readonly accountToken: string;
  readonly agentName: string;
  readonly stateDir: string;
  /** @default 49153 */
  readonly port?: number;
  readonly version: string;
  /** @default the global one */
  readonly fetch?: typeof fetch;
  /** The agent ended by itself. */
  readonly onFatal: (error: AgentError) => void;
}

export interface Agent {
  close(): Promise<void>;
}

/** Resolves once it is enrolled and has checked in. Rejects with AgentError. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const agent = new RunningAgent(options);
  try {
    await agent.start();
  } catch (error) {
    await agent.close();
    throw error;
  }
  return agent;
}

class RunningAgent implements Agent {
  readonly #options: AgentOptions;
  readonly #port: number;
  readonly #ending = new AbortController();
  readonly #state: StateFolder;
  readonly #results: Gathering<AgentResult>;
  readonly #link: CollectorLink;
  readonly #registration: Registration;
  readonly #check: CompatibilityCheck;
  readonly #paths: RoundPaths;
  readonly #throughputs: RoundThroughputs;
  readonly #runner: RoundRunner;
  readonly #progress: RoundProgress;
  #udp: UdpPort | null = null;
  #tcp: TcpPort | null = null;
  #assignments: readonly Assignment[] = [];
  #memory = newRoundMemory();
  #timer: Timer | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: AgentOptions) {
    const { net, log, collectorUrl } = options;
    this.#options = options;
    this.#port = options.port ?? defaultAgentPort;
    this.#state = new StateFolder(options.stateDir);
    this.#results = new Gathering(net.clock, (results) => this.#keep(results));
    this.#registration = new Registration({
      net,
      log,
      port: this.#port,
      collectorHost: new URL(collectorUrl).hostname.replace(/^\[|\]$/g, ''),
      sendUdp: (data, to) => this.#udp?.sendPlain(data, to),
      onInvited: (invitation) => this.#runner.invited(invitation),
      onStart: (start) => this.#runner.started(start),
      onChanged: () => {
        this.#check.registrationChanged();
        this.#link.soon();
      },
    });
    this.#check = new CompatibilityCheck({
      net,
      log,
      port: this.#port,
      sendUdp: (data, to) => this.#udp?.sendPlain(data, to),
      registration: this.#registration,
      onChecked: () => this.#link.soon(),
    });
    this.#link = new CollectorLink({
      ...options,
      api: new CollectorApi(collectorUrl, options.fetch ?? fetch, this.#ending.signal),
      state: this.#state,
      facts: () => this.#facts(),
      registration: () => this.#registration.reported,
      natTraversal: () => this.#check.latest,
      onConfig: (config) => this.#configure(config),
      onDisabled: () => this.#rest(),
      onFatal: (error) => void this.close().then(() => options.onFatal(error)),
    });
    this.#paths = new RoundPaths({
      net,
      log,
      flow: (session, target) => this.#udpPort().flow(session, target),
      registered: () => this.#registration.registered,
      stream: (session) => this.#tcp?.stream(session) ?? null,
      port: (transport) => this.#openPort(transport),
      profile: (transport) => this.#profile(transport),
      ownAgentId: () => this.#link.agentId,
      onResult: (result) => this.#results.add([result]),
    });
    this.#throughputs = new RoundThroughputs({ net, log, port: (transport) => this.#openPort(transport) });
    this.#progress = new RoundProgress({
      clock: net.clock,
      send: (rounds) => this.#link.tellProgress(rounds),
    });
    this.#runner = new RoundRunner({
      net,
      log,
      port: (transport) => this.#openPort(transport),
      registration: () => this.#registration,
      ownSide: (transport, sessionId, isFresh) => this.#ownSide(transport, sessionId, isFresh),
      ownAgentId: () => this.#link.agentId,
      assignments: () => this.#assignments,
      refreshConfig: () => this.#link.checkIn(),
      trace: (session, assignment, roundId) => this.#paths.trace(session, assignment, roundId),
      measureThroughput: (session, assignment, onReceived) =>
        this.#throughputs.measure(session, assignment, onReceived),
      onResults: (results) => this.#results.add(results),
      onPhase: (assignment, roundId, phase) => this.#progress.tell(assignment, roundId, phase),
    });
  }

  async start(): Promise<void> {
    const { net, log } = this.#options;
    const handler: PortHandler = {
      takeRendezvous: (decoded, from) =>
        this.#check.takeDatagram(decoded, from) || this.#registration.takeDatagram(decoded, from),
      beginSession: (check, port) => this.#runner.begin(check, port),
    };
    try {
      this.#udp = await UdpPort.open(net, this.#port, handler);
      this.#tcp = await TcpPort.open(net, this.#port, handler);
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      const hint =
        error.code === 'address-in-use' ? '; another agent may use it: choose one with --port' : '';
      const message = `Port ${this.#port} cannot be had: ${error.message}${hint}`;
      throw new AgentError('port-unavailable', message, { cause: error });
    }
    await this.#link.start();
    log.info({ agentId: this.#link.agentId, port: this.#port }, 'agent is running');
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    // What waits for a throughput is kept without it.
    this.#throughputs.close();
    this.#results.close();
    this.#ending.abort();
    this.#timer?.cancel();
    this.#runner.close();
    this.#progress.close();
    this.#paths.close();
    this.#check.close();
    this.#registration.close();
    this.#udp?.close();
    this.#tcp?.close();
    await this.#link.close();
    this.#state.close();
  }

  #configure(config: AgentConfig): void {
    if (!config.enabled) {
      this.#rest();
      return;
    }
    this.#assignments = config.assignments;
    this.#progress.watched = config.watched ?? [];
    this.#registration.setAccess(config.traversal);
    // 0 stands for a collector that does not tell since when.
    this.#check.configure(config.behindNat ? (config.behindNatSinceMs ?? 0) : null, config.traversal);
    this.#startDueRounds();
  }

  /** Disabled: starts nothing, and takes no sessions. */
  #rest(): void {
    this.#assignments = [];
    this.#progress.watched = [];
    this.#registration.setAccess(null);
    this.#check.configure(null, null);
    this.#startDueRounds();
  }

  #startDueRounds(): void {
    const { clock } = this.#options.net;
    this.#timer?.cancel();
    const { due, memory, wakeAtMs } = dueRounds(this.#assignments, this.#memory, clock.wallMs());
    this.#memory = memory;
    for (const round of due) void this.#runner.run(round);
    if (wakeAtMs === null) return;
    // At most a minute ahead, so that a step of the wall clock cannot put the rounds off for long.
    const delayMs = Math.min(60_000, Math.max(1, wakeAtMs - clock.wallMs()));
    this.#timer = clock.after(delayMs, () => this.#startDueRounds());
  }

  #keep(results: readonly AgentResult[]): void {
    const { log } = this.#options;
    try {
      const dropped = this.#state.spool.add(results);
      if (dropped > 0) log.error({ dropped }, 'the spool is full: the oldest results were dropped');
    } catch (error) {
      log.error({ err: error, results }, 'results could not be written to disk and are lost');
      return;
    }
    this.#link.soon();
  }

  #ownSide(transport: Transport, sessionId: Uint8Array, isFresh: boolean): Promise<OwnSide> {
    const options = {
      net: this.#options.net,
      port: (wanted: Transport) => this.#openPort(wanted),
      profile: (wanted: Transport) => this.#profile(wanted),
      server: () => this.#registration.registered?.server ?? null,
    };
    return ownSide(options, transport, sessionId, isFresh);
  }

  #profile(transport: Transport): NatProfile | null {
    const { registered } = this.#registration;
    const isPublic = registered !== null && sameEndpoint(registered.mapped, registered.local);
    // Who is not ticked as being behind a NAT is taken to be reachable.
    return isPublic && !this.#check.isOn ? openProfile : this.#check.profile(transport);
  }

  #openPort(transport: Transport): AgentPort {
    if (transport === 'udp') return this.#udpPort();
    if (this.#tcp === null) throw new AgentError('port-unavailable', 'The test port is not open');
    return this.#tcp;
  }

  #udpPort(): UdpPort {
    if (this.#udp === null) throw new AgentError('port-unavailable', 'The test port is not open');
    return this.#udp;
  }

  #facts(): AgentFacts {
    const { net, version } = this.#options;
    const { receiveStamps, packetOptions } = net.udp.features;
    const limitations = [
      ...(receiveStamps
        ? []
        : ['Times are taken by the program, not by the kernel: delays include its own.']),
      ...(packetOptions ? [] : ['TTL and DSCP of probes cannot be set on this system.']),
    ];
    return {
      hostname: net.host.hostname.slice(0, maxHostnameChars),
      version,
      port: this.#port,
      interfaces: net.host
        .interfaces()
        .slice(0, maxListed)
        .map(({ interfaceName, ipAddresses }) => ({
          interfaceName: interfaceName.slice(0, maxNameChars),
          ipAddresses: ipAddresses.slice(0, maxListed),
        })),
      limitations,
    };
  }
}
