// The driver of the registration: its connection (connection.ts), its part of the UDP socket, its timer, its trials.

import type { RegistrationState as ReportedState, TraversalAccess } from '@pinhole/contract';
import type { DiscoveryInput, KeepAliveHistory } from '@pinhole/nat';
import type { Net, Timer } from '@pinhole/net';
import {
  addressFamily,
  type DecodedStun,
  decodeRendezvous,
  type Endpoint,
  encodeRendezvous,
  encodeStun,
  formatEndpoint,
  type IpAddress,
  type RendezvousBody,
  stunMethods,
  type Transport,
  verifyIntegrity,
} from '@pinhole/wire';
import type { Logger } from 'pino';
import { keyOf } from '../session/key.ts';
import { ServerConnection } from './connection.ts';
import { keepAliveHistory } from './losses.ts';
import { stepRegistration } from './machine.ts';
import {
  newRegistration,
  type RegistrationEffect,
  type RegistrationEvent,
  type RegistrationState,
  type ServerPlace,
} from './state.ts';
import { Trials } from './trial.ts';

export interface RegistrationOptions {
  readonly net: Net;
  readonly log: Logger;
  /** The test port: the connection leaves from it. */
  readonly port: number;
  /** Stands for the servers that the collector names without a host. */
  readonly collectorHost: string;
  readonly sendUdp: (data: Uint8Array, to: Endpoint) => void;
  /** Whether to take a session, and what the source's side is to know of this one then. */
  readonly onInvited: (invitation: Extract<RendezvousBody, { kind: 'invite' }>) => Promise<InvitationAnswer>;
  readonly onStart: (start: Extract<RendezvousBody, { kind: 'start' }>) => void;
  readonly onChanged: () => void;
}

export type InvitationAnswer =
  | ({ readonly taken: true } & Omit<Extract<RendezvousBody, { kind: 'accepted' }>, 'kind'>)
  | { readonly taken: false; readonly reason: string };

export type MeetOutcome =
  | { readonly met: true; readonly start: Extract<RendezvousBody, { kind: 'start' }> }
  /** `code` is the server's (wire's refusalCodes); 0 where it was not even asked. */
  | { readonly met: false; readonly code: number; readonly reason: string };

export class Registration {
  readonly #options: RegistrationOptions;
  #state: RegistrationState = newRegistration();
  readonly #connection: ServerConnection;
  readonly #trials: Trials;
  /** Of the latest attempt. */
  #place: ServerPlace | null = null;
  #timer: Timer | null = null;
  /** The latest first: what the server signed just before it heard of a new one is still good. */
  #passwords: readonly string[] = [];
  /** What the message that is being dealt with was signed with; its answer is signed with the same. */
  #askedWith: string | null = null;
  /** Who waits to be ready; told of every change. */
  readonly #waiting = new Set<() => void>();
  readonly #meets = new Map<string, (outcome: MeetOutcome) => void>();
  #closed = false;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#connection = new ServerConnection({
      ...options,
      onConnected: (server) => this.#feed({ kind: 'connected', server }),
      onFailed: (detail) => this.#feed({ kind: 'connect-failed', detail }),
      onMessage: (decoded) => this.#message('tcp', decoded),
      onLost: (detail, cut) => this.#feed({ kind: 'disconnected', detail, cut }),
    });
    this.#trials = new Trials(options.net, (losses) => this.#feed({ kind: 'tried', losses }));
  }

  /** What the collector gave; null where no registration is wanted. */
  setAccess(access: TraversalAccess | null): void {
    const interfaces = this.#options.net.host.interfaces().flatMap((each) => each.ipAddresses);
    const addresses = interfaces.filter((address) => addressFamily(address) === 4);
    const localAddresses = addresses.map((address) => ({ address, port: this.#options.port }));
    this.#feed({ kind: 'local-addresses', localAddresses });
    const earlier = this.#passwords[0];
    if (access !== null && access.password !== earlier) {
      this.#passwords = [access.password, ...(earlier === undefined ? [] : [earlier])];
    }
    this.#feed({ kind: 'access', access });
  }

  /** Whether sessions over `transport` can be asked for, at once or within `waitMs`. */
  ready(transport: Transport, waitMs: number): Promise<boolean> {
    if (this.#isReady(transport) || this.#closed) return Promise.resolve(!this.#closed);
    return new Promise((resolve) => {
      const settle = () => {
        this.#waiting.delete(onChanged);
        timer.cancel();
        resolve(this.#isReady(transport));
      };
      const timer = this.#options.net.clock.after(waitMs, settle);
      const onChanged = () => {
        if (this.#isReady(transport) || this.#closed) settle();
        else this.#feed({ kind: 'hurry' });
      };
      this.#waiting.add(onChanged);
      this.#feed({ kind: 'hurry' });
    });
  }

  get reported(): ReportedState {
    const { phase, tcp, udp, detail } = this.#state;
    const status =
      phase === 'idle'
        ? 'off'
        : phase === 'registered'
          ? 'registered'
          : detail === null
            ? 'connecting'
            : 'failed';
    return { status, tcp, udp, detail: detail?.slice(0, 300) ?? null };
  }

  /** What the server sees this agent's connection as; null while there is none. */
  get registered(): DiscoveryInput['registered'] {
    const { phase, server, tcp } = this.#state;
    const local = this.#connection.current?.local;
    if (phase !== 'registered' || server === null || tcp === null || local === undefined) return null;
    return { server, mapped: tcp, local };
  }

  /** How long the present connection has lived, and how those before it ended within the last hour. */
  get keepAlives(): KeepAliveHistory {
    const { phase, losses, registeredAtMs } = this.#state;
    const nowMs = this.#options.net.clock.monotonicNs() / 1e6;
    return keepAliveHistory(losses, phase === 'registered' ? nowMs - registeredAtMs : null, nowMs);
  }

  /** Where a server is, and its ports: the one this agent is registered with, or the last that it tried. Null without any. */
  async place(): Promise<{ address: IpAddress; ports: readonly number[] } | null> {
    const { access, server } = this.#state;
    const wanted = this.#place ?? access?.servers[0];
    const ports = access?.servers.find(({ host }) => host === wanted?.host)?.ports;
    if (wanted === undefined || ports === undefined) return null;
    const address = server?.address ?? (await this.#connection.resolve(wanted.host));
    return address === null ? null : { address, ports };
  }

  /** No attempt to connect for so long, or until somebody is in a hurry. */
  standAside(forMs: number): void {
    this.#feed({ kind: 'stand-aside', forMs });
  }

  hurry(): void {
    this.#feed({ kind: 'hurry' });
  }

  /** Asks the server to bring this agent together with the ticket's target. */
  meet(request: Omit<Extract<RendezvousBody, { kind: 'meet' }>, 'kind'>): Promise<MeetOutcome> {
    if (this.#closed) return Promise.resolve({ met: false, code: 0, reason: 'The agent is stopping' });
    // Of two at a time the earlier would never hear: both have the one session's Start.
    this.#settle(request.sessionId)?.({ met: false, code: 0, reason: 'Asked for again' });
    return new Promise((resolve) => {
      this.#meets.set(keyOf(request.sessionId), resolve);
      this.#feed({ kind: 'meet', body: { kind: 'meet', ...request } });
    });
  }

  /** A datagram of the server's that came to the test port; false where it is none. */
  takeDatagram(decoded: DecodedStun, from: Endpoint): boolean {
    const { server } = this.#state;
    if (server === null || formatEndpoint(server) !== formatEndpoint(from)) return false;
    this.#message('udp', decoded);
    return true;
  }

  /** Whoever waits for something is told that it will not come. */
  close(): void {
    this.#feed({ kind: 'access', access: null });
    this.#closed = true;
    this.#trials.stop();
    for (const onChanged of this.#waiting) onChanged();
  }

  #feed(event: RegistrationEvent): void {
    if (this.#closed) return;
    const { clock, random } = this.#options.net;
    const { state, effects, wakeAtMs } = stepRegistration(
      this.#state,
      event,
      clock.monotonicNs() / 1e6,
      random,
    );
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
    // A nested event has set a later timer already, by a later state.
    if (this.#state !== state) return;
    this.#timer?.cancel();
    this.#timer =
      wakeAtMs === null
        ? null
        : clock.after(Math.max(0, wakeAtMs - clock.monotonicNs() / 1e6), () => this.#feed({ kind: 'tick' }));
  }

  #carryOut(effect: RegistrationEffect): void {
    switch (effect.kind) {
      case 'connect':
        this.#place = effect.server;
        void this.#connection.connect(effect.server, effect.keepAliveMs);
        return;
      case 'disconnect':
        this.#connection.drop();
        return;
      case 'keep-alive': {
        const { transactionId } = effect;
        this.#connection.write(
          encodeStun({ class: 'request', method: stunMethods.binding, transactionId, attributes: [] }),
        );
        return;
      }
      case 'send': {
        const isAnswer = effect.message.body.kind === 'pong';
        const bytes = encodeRendezvous(effect.message, isAnswer ? this.#askedWith : this.#ownPassword());
        if (effect.transport === 'tcp') this.#connection.write(bytes);
        else this.#options.sendUdp(bytes, effect.to);
        return;
      }
      case 'invited':
        void this.#invited(effect.transactionId, effect.invitation);
        return;
      case 'start': {
        const waiting = this.#settle(effect.start.sessionId);
        if (waiting === undefined) this.#options.onStart(effect.start);
        else waiting({ met: true, start: effect.start });
        return;
      }
      case 'meet-refused':
        this.#settle(effect.sessionId)?.({ met: false, code: effect.code, reason: effect.reason });
        return;
      case 'changed':
        this.#options.log.info(this.reported, 'registration');
        this.#try();
        for (const onChanged of this.#waiting) onChanged();
        this.#options.onChanged();
    }
  }

  #try(): void {
    const { phase, server } = this.#state;
    if (phase === 'registered' && server !== null) this.#trials.start(server);
    else if (phase === 'idle') this.#trials.stop();
  }

  #message(transport: Transport, decoded: DecodedStun): void {
    const { class: kind, method } = decoded.message;
    if (transport === 'tcp' && kind === 'success' && method === stunMethods.binding) {
      this.#feed({ kind: 'kept-alive' });
      return;
    }
    const message = decodeRendezvous(decoded.message);
    if (!message.ok) return;
    const password = this.#passwords.find((each) => verifyIntegrity(decoded, 'sha256', each) === 'valid');
    this.#askedWith = password ?? null;
    this.#feed({ kind: 'message', transport, message: message.value, signed: password !== undefined });
  }

  async #invited(
    transactionId: Uint8Array,
    invitation: Extract<RendezvousBody, { kind: 'invite' }>,
  ): Promise<void> {
    const id = Uint8Array.from(transactionId);
    const connection = this.#connection.current;
    const password = this.#askedWith;
    const answer = await this.#options.onInvited(invitation).catch((error: unknown): InvitationAnswer => {
      this.#options.log.error({ err: error }, 'invitation');
      return { taken: false, reason: 'This agent has a fault' };
    });
    if (connection === null || connection !== this.#connection.current) return;
    const body: RendezvousBody = answer.taken
      ? { kind: 'accepted', profile: answer.profile, mapped: answer.mapped }
      : { kind: 'refused', method: 'invite', code: 403, reason: answer.reason, nonce: null };
    const message = { transactionId: id, body, username: null, nonce: null };
    connection.write(encodeRendezvous(message, password));
  }

  #ownPassword(): string | null {
    return this.#state.access?.password ?? null;
  }

  #isReady(transport: Transport): boolean {
    return this.#state.phase === 'registered' && (transport === 'tcp' || this.#state.udp !== null);
  }

  #settle(sessionId: Uint8Array): ((outcome: MeetOutcome) => void) | undefined {
    const key = keyOf(sessionId);
    const waiting = this.#meets.get(key);
    this.#meets.delete(key);
    return waiting;
  }
}
