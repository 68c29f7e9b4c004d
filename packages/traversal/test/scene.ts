// A registrar on a stage: agents talk to it, time passes, and what it did is there to be looked at. No sockets.

import assert from 'node:assert/strict';
import type { Random } from '@pinhole/net';
import {
  decodeRendezvous,
  decodeStun,
  type Endpoint,
  encodeRendezvous,
  encodeTicket,
  type OwnSide,
  parseEndpoint,
  type RendezvousBody,
  type Ticket,
  traversalCredential,
  verifyIntegrity,
} from '@pinhole/wire';
import type { Counter } from '../src/counters.ts';
import {
  type Channel,
  type ConnectionId,
  type Effect,
  newRegistrar,
  type ProbeRequest,
} from '../src/registrar/state.ts';
import { type RegistrarEvent, step, tickMs } from '../src/registrar/step.ts';

export const secret = new TextEncoder().encode('what collector and server share');
/** Epoch seconds at which a scene begins. */
export const startS = 1_800_000_000;

type Body<K extends RendezvousBody['kind']> = Extract<RendezvousBody, { kind: K }>;
type MeetMember = 'transport' | 'ticket' | 'attempt';

/** What the server sent, to whom, and whose password signs it. */
export interface Sent {
  readonly channel: Channel;
  readonly transactionId: Uint8Array;
  readonly body: RendezvousBody;
  readonly octets: number;
  readonly signedBy: (password: string) => boolean;
}

export interface Outcome {
  readonly sent: readonly Sent[];
  readonly closed: readonly ConnectionId[];
}

/** A registered agent. */
export interface Actor {
  readonly agentId: string;
  readonly channel: Extract<Channel, { transport: 'tcp' }>;
  readonly username: string;
  readonly password: string;
  readonly nonce: string;
}

export interface Signature {
  readonly username?: string | null;
  readonly nonce?: string | null;
  readonly password?: string | null;
  readonly transactionId?: Uint8Array;
}

export const serverPort: Endpoint = endpointOf('192.0.2.1:9119');

export class Scene {
  readonly state;
  now = { ms: 0, wallS: startS };
  /** Handed to the driver. */
  readonly probes: ProbeRequest[] = [];
  #nextConnectionId = 1;
  #nextTransaction = 1;

  constructor(maxConnections = 16_000) {
    this.state = newRegistrar(secret, countingRandom(), maxConnections);
  }

  feed(event: RegistrarEvent): Outcome {
    const { effects } = step(this.state, event, this.now);
    for (const effect of effects) if (effect.kind === 'probe') this.probes.push(effect.request);
    return outcomeOf(effects);
  }

  /** Lets time pass, ticking as the driver does. */
  pass(durationMs: number): Outcome {
    const endMs = this.now.ms + durationMs;
    const outcomes: Outcome[] = [];
    while (this.now.ms < endMs) {
      const aheadMs = Math.min(tickMs, endMs - this.now.ms);
      this.now = { ms: this.now.ms + aheadMs, wallS: this.now.wallS + aheadMs / 1000 };
      outcomes.push(this.feed({ kind: 'tick' }));
    }
    return {
      sent: outcomes.flatMap(({ sent }) => sent),
      closed: outcomes.flatMap(({ closed }) => closed),
    };
  }

  connect(from: string): Extract<Channel, { transport: 'tcp' }> & { outcome: Outcome } {
    const connectionId = this.#nextConnectionId++;
    const endpoint = endpointOf(from);
    const outcome = this.feed({ kind: 'connected', connectionId, from: endpoint });
    return { transport: 'tcp', connectionId, from: endpoint, outcome };
  }

  udp(from: string): Channel {
    return { transport: 'udp', local: serverPort, from: endpointOf(from) };
  }

  say(channel: Channel, body: RendezvousBody, signature: Signature = {}): Outcome {
    const { username = null, nonce = null, password = null } = signature;
    const transactionId = signature.transactionId ?? this.#transactionId();
    return this.sayOctets(channel, encodeRendezvous({ transactionId, body, username, nonce }, password));
  }

  sayOctets(channel: Channel, octets: Uint8Array): Outcome {
    const decoded = decodeStun(octets);
    assert.ok(decoded.ok);
    return this.feed({ kind: 'message', channel, decoded: decoded.value });
  }

  /** The nonce that the server gives to this channel. */
  nonceFor(channel: Channel): string {
    const refused = theOnly(this.say(channel, register()), 'refused');
    assert.ok(refused.body.nonce !== null);
    return refused.body.nonce;
  }

  /** Connects and registers over TCP, and answers each of the pings that follow after `roundTripMs`. */
  register(
    agentId: string,
    from: string,
    { localAddresses = [] as string[], roundTripMs = 0, expiresAtS = startS + 3600 } = {},
  ): Actor {
    const channel = this.connect(from);
    const { username, password } = traversalCredential(secret, agentId, expiresAtS);
    const actor: Actor = { agentId, channel, username, password, nonce: this.nonceFor(channel) };
    const mine = ({ body, channel: to }: Sent) =>
      body.kind === 'ping' && to.transport === 'tcp' && to.connectionId === channel.connectionId;
    let ping = this.say(channel, register(60, localAddresses), actor).sent.find(
      ({ body }) => body.kind === 'ping',
    );
    assert.ok(ping !== undefined);
    while (ping !== undefined) {
      this.now = { ...this.now, ms: this.now.ms + roundTripMs };
      this.reply(actor, ping, { kind: 'pong' });
      ping = this.feed({ kind: 'tick' }).sent.find(mine);
    }
    return actor;
  }

  registerUdp(actor: Actor, from: string, lifetimeS = 60): Outcome {
    const channel = this.udp(from);
    return this.say(channel, register(lifetimeS), { ...actor, nonce: this.nonceFor(channel) });
  }

  reply(actor: Actor, to: Sent, body: RendezvousBody, password: string = actor.password): Outcome {
    return this.say(actor.channel, body, { transactionId: to.transactionId, password });
  }

  meet(actor: Actor, change: Partial<Ticket & OwnSide & Pick<Body<'meet'>, MeetMember>>): Outcome {
    const { transport = 'tcp', ticket, attempt = 1, profile = null, mapped = null, ...rest } = change;
    const body: Body<'meet'> = {
      kind: 'meet',
      sessionId: new Uint8Array(16).fill(7),
      transport,
      roundId: startS,
      ticket: ticket ?? ticketOf({ sourceAgentId: actor.agentId, ...rest }),
      attempt,
      profile,
      mapped,
    };
    return this.say(actor.channel, body, actor);
  }

  count(counter: Counter): number {
    return this.state.counters.get(counter);
  }

  #transactionId(): Uint8Array {
    const bytes = Buffer.alloc(12, 0xaa);
    bytes.writeUInt32BE(this.#nextTransaction++);
    return bytes;
  }
}

/** A target's yes, which tells nothing of its NAT unless it is given. */
export function accepted(own: Partial<OwnSide> = {}): Body<'accepted'> {
  return { kind: 'accepted', profile: null, mapped: null, ...own };
}

export function register(lifetimeS = 60, localAddresses: readonly string[] = []): Body<'register'> {
  return { kind: 'register', lifetimeS, localAddresses: localAddresses.map(endpointOf) };
}

export function ticketOf(change: Partial<Ticket>, signedWith: Uint8Array = secret): Uint8Array {
  return encodeTicket(signedWith, {
    testId: '5',
    sourceAgentId: '11',
    targetAgentId: '22',
    expiresAtS: startS + 3600,
    ...change,
  });
}

/** The one message of this kind that was sent. */
export function theOnly<K extends RendezvousBody['kind']>(
  { sent }: Outcome,
  kind: K,
): Sent & { readonly body: Body<K> } {
  const found = sent.filter(({ body }) => body.kind === kind);
  assert.equal(found.length, 1, `${found.length} of ${kind} among ${sent.map(({ body }) => body.kind)}`);
  return found[0] as Sent & { body: Body<K> };
}

/** A source and a target, both registered over TCP. */
export function pair(
  options: { localAddresses?: string[]; roundTripMs?: number } = {},
  targetFrom = '203.0.113.2:49153',
) {
  const scene = new Scene();
  const source = scene.register('11', '198.51.100.1:49153', { localAddresses: ['10.0.0.1:49153'] });
  const target = scene.register('22', targetFrom, { localAddresses: ['10.0.0.2:49153'], ...options });
  return { scene, source, target };
}

/** What this one was told to begin with. */
export function startsOf(outcome: { sent: readonly Sent[] }, actor: Actor) {
  const start = outcome.sent.find(
    ({ body, channel }) => body.kind === 'start' && channel.from === actor.channel.from,
  );
  assert.ok(start?.body.kind === 'start');
  assert.ok(start.signedBy(actor.password));
  return start.body;
}

export function endpointOf(text: string): Endpoint {
  const endpoint = parseEndpoint(text);
  assert.ok(endpoint !== null, text);
  return endpoint;
}

function outcomeOf(effects: readonly Effect[]): Outcome {
  const sent: Sent[] = [];
  const closed: ConnectionId[] = [];
  for (const effect of effects) {
    if (effect.kind === 'close') closed.push(effect.connectionId);
    else if (effect.kind === 'send') sent.push(sentOf(effect.channel, effect.bytes));
  }
  return { sent, closed };
}

function sentOf(channel: Channel, bytes: Uint8Array): Sent {
  const decoded = decodeStun(bytes);
  assert.ok(decoded.ok && decoded.value.fingerprint);
  const message = decodeRendezvous(decoded.value.message);
  assert.ok(message.ok);
  const { transactionId, body } = message.value;
  const signedBy = (password: string) => verifyIntegrity(decoded.value, 'sha256', password) === 'valid';
  return { channel, transactionId, body, octets: bytes.length, signedBy };
}

/** Different octets each time, the same in each run. */
function countingRandom(): Random {
  let count = 0;
  return {
    bytes: (length) => Buffer.alloc(length, `random ${count++} `),
    below: (limit) => count++ % limit,
  };
}
