// Who talks to a server under test over real sockets: scripted agents, and STUN requests one at a time.

import assert from 'node:assert/strict';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { type Net, SocketError } from '@pinhole/net';
import {
  type DecodedStun,
  decodeRendezvous,
  decodeStun,
  type Endpoint,
  encodeRendezvous,
  encodeStun,
  endpoint,
  ip,
  type RendezvousBody,
  type StunAttribute,
  StunFramer,
  traversalCredential,
  verifyIntegrity,
} from '@pinhole/wire';
import { pino } from 'pino';
import { startTraversalServer, type TraversalOptions, type TraversalServer } from '../src/index.ts';
import { accepted, register, secret } from './scene.ts';

/** Far beyond what anything here takes. */
export const patienceMs = 30_000;

export async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${patienceMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A server on two ports that are free at this moment. */
export async function startServer(
  net: Net,
  addresses: readonly string[],
  options: Partial<TraversalOptions> = {},
): Promise<TraversalServer> {
  const log = pino({ level: 'silent' });
  const open = (ports: readonly number[]) =>
    startTraversalServer({ net, log, secret, addresses: addresses.map(ip), ports, ...options });
  // Another program may have a port, over UDP or TCP: then others are taken.
  for (let attempt = 0; ; attempt++) {
    const first = nextPort;
    nextPort = first >= lastPort ? firstPort : first + 2;
    try {
      return await open([first, first + 1]);
    } catch (error) {
      if (!(error instanceof SocketError) || error.code !== 'address-in-use' || attempt >= 20) throw error;
    }
  }
}

/** Below what systems give out by themselves; each process begins elsewhere. */
const [firstPort, lastPort] = [10_000, 30_000];
let nextPort = firstPort + ((process.pid * 74) % (lastPort - firstPort));

/** The message that answers, and where it came from. */
export interface StunAnswer {
  readonly decoded: DecodedStun;
  readonly from: Endpoint;
  /** Where the request left from. */
  readonly local: Endpoint;
}

export function bindingRequest(attributes: StunAttribute[] = [], idBytes = 12): Uint8Array {
  const transactionId = Uint8Array.from({ length: idBytes }, (_, i) => i + 1);
  return encodeStun({ class: 'request', method: 1, transactionId, attributes });
}

/** Sends one datagram and waits for one. */
export async function askUdp(server: Endpoint, request: Uint8Array): Promise<StunAnswer> {
  const address = server.address.includes(':') ? '::1' : '127.0.0.1';
  const socket = createSocket(address === '::1' ? 'udp6' : 'udp4');
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no answer')), patienceMs);
      socket.once('message', (data, info) => {
        clearTimeout(timer);
        const local = endpoint(address, socket.address().port);
        resolve({ decoded: decode(data), from: endpoint(info.address, info.port), local });
      });
      socket.bind(0, address, () => socket.send(request, server.port, server.address));
    });
  } finally {
    socket.close();
  }
}

/** Sends one message over a connection of its own and waits for one. */
export async function askTcp(server: Endpoint, request: Uint8Array): Promise<StunAnswer> {
  const stream = await openStream(server);
  stream.socket.write(request);
  await until('an answer over TCP', () => stream.messages.length > 0);
  stream.socket.destroy();
  return { decoded: stream.messages[0]!, from: server, local: stream.local };
}

export interface Stream {
  readonly socket: Socket;
  readonly local: Endpoint;
  readonly messages: DecodedStun[];
  closed: boolean;
}

export function openStream(server: Endpoint, localAddress?: string): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: server.address,
      port: server.port,
      ...(localAddress !== undefined && { localAddress }),
    });
    const framer = new StunFramer(65_536);
    socket.once('error', reject);
    socket.once('connect', () => {
      const local = endpoint(socket.localAddress!, socket.localPort!);
      const stream: Stream = { socket, local, messages: [], closed: false };
      socket.on('data', (data) => stream.messages.push(...framer.push(data).messages.map(decode)));
      socket.on('close', () => {
        stream.closed = true;
      });
      resolve(stream);
    });
    socket.on('error', () => undefined);
  });
}

type Body<K extends RendezvousBody['kind']> = Extract<RendezvousBody, { kind: K }>;

/** A first try of a source that knows nothing of its NAT. */
export const firstTry = { attempt: 1, profile: null, mapped: null } as const;

/** An agent that answers pings by itself, accepts every invitation, and keeps what it is told. */
export class TestAgent {
  readonly told: RendezvousBody[] = [];
  readonly stream: Stream;
  readonly #server: Endpoint;
  readonly #credential;
  #nonce: string | null = null;
  #udp: UdpSocket | null = null;
  #udpNonce: string | null = null;
  #looked = 0;
  #next = 1;

  private constructor(stream: Stream, server: Endpoint, agentId: string) {
    this.stream = stream;
    this.#server = server;
    this.#credential = traversalCredential(secret, agentId, Math.floor(Date.now() / 1000) + 3600);
    stream.socket.on('data', () => this.#look());
  }

  static async register(server: Endpoint, agentId: string): Promise<TestAgent> {
    const agent = new TestAgent(await openStream(server), server, agentId);
    agent.send(register());
    const { nonce } = await agent.next('refused');
    agent.#nonce = nonce;
    agent.send(register());
    await agent.next('registered');
    return agent;
  }

  /** The next of this kind; it is taken out of what the agent was told. */
  async next<K extends RendezvousBody['kind']>(kind: K): Promise<Body<K>> {
    const isIt = (body: RendezvousBody) => body.kind === kind;
    await until(`${kind} among ${this.told.map((body) => body.kind)}`, () => this.told.some(isIt));
    const [found] = this.told.splice(this.told.findIndex(isIt), 1);
    return found as Body<K>;
  }

  send(body: RendezvousBody, transactionId = this.#transactionId()): void {
    this.stream.socket.write(this.#octets(body, transactionId, this.#nonce));
  }

  /** Registers over UDP, asking again as agents do; always from the same port, with the nonce it has. */
  async registerUdp(): Promise<Body<'registered'>> {
    let answer: Body<'registered'> | null = null;
    const socket = this.#udp ?? createSocket('udp4');
    if (this.#udp === null) await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    this.#udp = socket;
    const send = () => {
      const octets = this.#octets(register(), this.#transactionId(), this.#udpNonce);
      socket.send(octets, this.#server.port, this.#server.address);
    };
    const onMessage = (data: Uint8Array) => {
      const message = decodeRendezvous(decode(data).message);
      if (!message.ok) return;
      const { body, nonce } = message.value;
      if (body.kind === 'registered') answer = body;
      if (nonce === null) return;
      this.#udpNonce = nonce;
      send();
    };
    socket.on('message', onMessage);
    const again = setInterval(send, 500);
    send();
    try {
      await until('registration over UDP', () => answer !== null);
    } finally {
      clearInterval(again);
      socket.off('message', onMessage);
    }
    return answer!;
  }

  close(): void {
    this.stream.socket.destroy();
    this.#udp?.close();
  }

  #octets(body: RendezvousBody, transactionId: Uint8Array, nonce: string | null): Uint8Array {
    const { username, password } = this.#credential;
    return encodeRendezvous({ transactionId, body, username, nonce }, nonce === null ? null : password);
  }

  #look(): void {
    for (; this.#looked < this.stream.messages.length; this.#looked++) {
      const decoded = this.stream.messages[this.#looked]!;
      const message = decodeRendezvous(decoded.message);
      if (!message.ok) continue;
      const { body, transactionId } = message.value;
      // A server that cannot prove itself is believed nothing but that it wants credentials.
      if (body.kind !== 'refused') {
        assert.equal(verifyIntegrity(decoded, 'sha256', this.#credential.password), 'valid');
      }
      if (body.kind === 'ping') this.send({ kind: 'pong' }, transactionId);
      else if (body.kind === 'invite') this.send(accepted(), transactionId);
      if (body.kind !== 'ping') this.told.push(body);
    }
  }

  #transactionId(): Uint8Array {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32BE(this.#next++);
    return bytes;
  }
}

function decode(bytes: Uint8Array): DecodedStun {
  const decoded = decodeStun(Uint8Array.from(bytes));
  assert.ok(decoded.ok);
  return decoded.value;
}
