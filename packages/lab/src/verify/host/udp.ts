// The host program's datagrams to the server.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type Endpoint, endpoint } from '@pinhole/wire';
import {
  type EndpointName,
  endpointNames,
  type MappingObservation,
  type Observation,
  type Request,
} from '../observation.ts';

/** The TCP connection over which the server is asked. */
export interface Control {
  readonly seen: Endpoint;
  /** That of the one interface, which an unbound socket's own address does not tell. */
  readonly localAddress: string;
  ask<Answer>(request: Request): Promise<Answer>;
}

/** How often a question is asked again. */
const retryMs = 250;
/** How much later than the fence a packet may still be that was sent before it. */
const graceMs = 100;

export class Udp {
  readonly #endpoints: readonly Endpoint[];
  readonly #control: Control;
  readonly #waitMs: number;

  constructor(endpoints: readonly { address: string; port: number }[], control: Control, waitMs: number) {
    this.#endpoints = endpoints.map(({ address, port }) => endpoint(address, port));
    this.#control = control;
    this.#waitMs = waitMs;
  }

  /** null where UDP is blocked. */
  async observeMapping(
    sampleCount: number,
  ): Promise<{ socket: Socket; observation: MappingObservation } | null> {
    const socket = await this.open();
    const answer = this.#seenBy(socket, 0);
    // Twice the silence: whether UDP passes at all is asked once.
    const first = await Promise.race([answer, delay(2 * this.#waitMs, null)]);
    if (first === null) return null;
    const sources = await Promise.all(Array.from({ length: sampleCount }, () => this.open()));
    const [seen, samples] = await Promise.all([
      Promise.all([first, ...[1, 2, 3].map((index) => this.#seenBy(socket, index))]),
      Promise.all(sources.map((source) => this.#seenBy(source, 0))),
    ]);
    return {
      socket,
      observation: {
        local: endpoint(this.#control.localAddress, socket.address().port),
        seen,
        samples: samples.map((each, index) => ({ localPort: sources[index]!.address().port, seen: each })),
      },
    };
  }

  /** `mapped` is a socket that has sent to every endpoint. */
  async observeFiltering(
    mapped: Socket,
  ): Promise<Omit<NonNullable<Observation['udp']>, keyof MappingObservation>> {
    const [filtered, inner] = await Promise.all([this.open(), this.open()]);
    const [beforeFirstPacketIn, innerSeen, hairpinnedAs] = await Promise.all([
      this.#seenBy(filtered, 0),
      this.#seenBy(inner, 0),
      this.#seenBy(mapped, 0),
    ]);
    const [passed, hairpinnedFrom] = await Promise.all([
      this.#whoPasses(filtered, beforeFirstPacketIn),
      this.#hairpin(mapped, inner, innerSeen),
    ]);
    const afterFirstPacketIn = await this.#seenBy(filtered, endpointNames.indexOf('A2:P2'));
    return { passed, beforeFirstPacketIn, afterFirstPacketIn, hairpinnedFrom, hairpinnedAs };
  }

  async open(): Promise<Socket> {
    const socket = createSocket('udp4');
    socket.bind();
    await once(socket, 'listening');
    return socket;
  }

  async reaches(to: Endpoint): Promise<boolean> {
    const socket = await this.open();
    const result = await Promise.race([this.seenAt(socket, to).then(() => true), delay(this.#waitMs, false)]);
    socket.close();
    return result;
  }

  /** The source that A1:P1 sees; asks again until it answers. */
  seen(socket: Socket): Promise<Endpoint> {
    return this.#seenBy(socket, 0);
  }

  #seenBy(socket: Socket, index: number): Promise<Endpoint> {
    return this.seenAt(socket, this.#endpoints[index]!);
  }

  async seenAt(socket: Socket, { address, port }: Endpoint): Promise<Endpoint> {
    const token = `seen-${address}-${port}`;
    const answer = message(socket, token);
    let open = true;
    socket.once('close', () => {
      open = false;
    });
    const ask = () => open && socket.send(token, port, address);
    ask();
    const again = setInterval(ask, retryMs);
    const [seenAddress, seenPort] = (await answer).text;
    clearInterval(again);
    return endpoint(seenAddress!, Number(seenPort));
  }

  /** The endpoint that may pass sends last, as a fence: what has not come shortly after it will not come. */
  async #whoPasses(socket: Socket, to: Endpoint): Promise<EndpointName[]> {
    const passed = new Set<EndpointName>();
    const fenced = Promise.withResolvers<void>();
    socket.on('message', (data) => {
      const [token, name] = data.toString().split(' ');
      if (token !== 'filter') return;
      passed.add(name as EndpointName);
      if (name === 'A1:P1') fenced.resolve();
    });
    const from: EndpointName[] = ['A2:P2', 'A2:P1', 'A1:P2', 'A1:P1'];
    await this.#control.ask({ ask: 'send', to, token: 'filter', from });
    await Promise.race([fenced.promise, delay(this.#waitMs)]);
    await delay(graceMs);
    return endpointNames.filter((name) => passed.has(name));
  }

  async #hairpin(from: Socket, to: Socket, target: Endpoint): Promise<Endpoint | null> {
    const arrival = message(to, 'hairpin');
    from.send('hairpin', target.port, target.address);
    const first = await Promise.race([arrival, delay(this.#waitMs, null)]);
    return first === null ? null : first.from;
  }
}

/** The first message that begins with the token, as words. */
export function message(socket: Socket, token: string): Promise<{ text: string[]; from: Endpoint }> {
  return new Promise((resolve) => {
    const listen = (data: Buffer, from: { address: string; port: number }) => {
      const [first, ...text] = data.toString().split(' ');
      if (first !== token) return;
      socket.off('message', listen);
      resolve({ text, from: endpoint(from.address, from.port) });
    };
    socket.on('message', listen);
  });
}
