// The server on real sockets, as its clients see it.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { createLinuxNet, createNodeNet, linuxNetAvailable, type Net, SocketError } from '@pinhole/net';
import { type Endpoint, endpoint, findAttribute, type StunMessage } from '@pinhole/wire';
import type { TraversalServer } from '../src/index.ts';
import { askTcp, askUdp, bindingRequest, firstTry, startServer, TestAgent } from './client.ts';
import { ticketOf } from './scene.ts';

const loopback6 = Object.values(networkInterfaces()).some((each) =>
  each?.some(({ address }) => address === '::1'),
);

describeServer('Node sockets', createNodeNet);
if (linuxNetAvailable().available) describeServer('Linux sockets', createLinuxNet);

function describeServer(name: string, createNet: () => Net): void {
  describe(`a server with two addresses and two ports, on ${name}`, () => {
    let net: Net;
    let server: TraversalServer;
    let first: Endpoint;
    let other: (changed: { address?: boolean; port?: boolean }) => Endpoint;

    before(async () => {
      net = createNet();
      server = await startServer(net, ['127.0.0.1', '127.0.0.2']);
      first = server.endpoints[0]!;
      const ports = server.endpoints.map(({ port }) => port);
      other = ({ address = false, port = false }) =>
        endpoint(address ? '127.0.0.2' : '127.0.0.1', ports[port ? 1 : 0]!);
    });

    after(async () => {
      server.close();
      await net.close();
    });

    it('answers Binding requests over UDP and TCP on all four', async () => {
      assert.equal(server.endpoints.length, 4);
      for (const at of server.endpoints) {
        for (const ask of [askUdp, askTcp]) {
          const { decoded, from, local } = await ask(at, bindingRequest());
          assert.deepEqual(from, at);
          assert.deepEqual(mapped(decoded.message), local);
          assert.deepEqual(decoded.message.transactionId, Uint8Array.from(bindingRequest().subarray(8)));
        }
      }
    });

    it('answers a client of RFC 3489', async () => {
      const { decoded, local } = await askUdp(first, bindingRequest([], 16));
      assert.equal(decoded.message.transactionId.length, 16);
      assert.deepEqual(findAttribute(decoded.message, 'mapped-address')?.endpoint, local);
      assert.deepEqual(
        findAttribute(decoded.message, 'changed-address')?.endpoint,
        other({ address: true, port: true }),
      );
    });

    for (const [changeAddress, changePort] of [
      [false, true],
      [true, false],
      [true, true],
    ] as const) {
      it(`answers from the other ${changeAddress ? 'address' : ''} ${changePort ? 'port' : ''} when asked to`, async () => {
        const expected = other({ address: changeAddress, port: changePort });
        const request = bindingRequest([{ type: 'change-request', changeAddress, changePort }]);
        const { from, decoded, local } = await askUdp(first, request);
        assert.deepEqual(from, expected);
        assert.deepEqual(findAttribute(decoded.message, 'response-origin')?.endpoint, expected);
        assert.deepEqual(mapped(decoded.message), local);
      });
    }

    it('answers datagrams that come in one batch, plain ones and others, each with its own', async () => {
      const socket = createSocket('udp4');
      const heard: number[] = [];
      socket.on('message', (data) => heard.push(data.readUInt32BE(8)));
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
      for (let i = 0; i < 100; i++) {
        const request = bindingRequest(i % 3 === 0 ? [{ type: 'software', text: 'test' }] : []);
        Buffer.from(request.buffer, request.byteOffset).writeUInt32BE(i, 8);
        socket.send(request, first.port, first.address);
      }
      for (let waits = 0; heard.length < 100 && waits < 500; waits++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      socket.close();
      assert.deepEqual(
        heard.toSorted((a, b) => a - b),
        [...Array(100).keys()],
      );
    });

    it('registers an agent over TCP and UDP', async () => {
      const agent = await TestAgent.register(first, '77');
      const { lifetimeS, mapped: udp } = await agent.registerUdp();
      assert.equal(lifetimeS, 60);
      assert.equal(udp.address, '127.0.0.1');
      agent.close();
    });

    for (const transport of ['tcp', 'udp'] as const) {
      it(`brings two agents together over ${transport.toUpperCase()}, on whichever ports they registered`, async () => {
        const source = await TestAgent.register(first, '11');
        const target = await TestAgent.register(other({ port: true }), '22');
        const sourceUdp = await source.registerUdp();
        const targetUdp = await target.registerUdp();
        const sessionId = Uint8Array.from({ length: 16 }, (_, i) => i);
        const ticket = ticketOf({ expiresAtS: Math.floor(Date.now() / 1000) + 60 });
        source.send({ kind: 'meet', sessionId, transport, roundId: 1_800_000_000, ticket, ...firstTry });
        const invite = await target.next('invite');
        assert.deepEqual([invite.sourceAgentId, invite.testId, invite.transport], ['11', '5', transport]);
        await source.next('met');
        const [atSource, atTarget] = [await source.next('start'), await target.next('start')];
        assert.deepEqual(Buffer.from(atSource.sessionId), Buffer.from(sessionId));
        assert.deepEqual(Buffer.from(atTarget.sessionId), Buffer.from(sessionId));
        assert.deepEqual(atSource.peers.at(-1), transport === 'tcp' ? target.stream.local : targetUdp.mapped);
        assert.deepEqual(atTarget.peers.at(-1), transport === 'tcp' ? source.stream.local : sourceUdp.mapped);
        source.close();
        target.close();
      });
    }

    it('cannot be started twice on the same endpoints', async () => {
      const ports = [...new Set(server.endpoints.map(({ port }) => port))];
      await assert.rejects(startServer(net, ['127.0.0.1'], { ports }), (error) => {
        return error instanceof SocketError && error.code === 'address-in-use';
      });
    });

    it('lets its agents go when it closes', async () => {
      const closing = await startServer(net, ['127.0.0.1']);
      const agent = await TestAgent.register(closing.endpoints[0]!, '11');
      const closed = new Promise((resolve) => agent.stream.socket.once('close', resolve));
      closing.close();
      await closed;
    });
  });

  describe(`a server on the unspecified addresses, on ${name}`, {
    skip: !loopback6 && 'no IPv6 here',
  }, () => {
    it('answers either family from where it was asked, and names no address of the other', async () => {
      const net = createNet();
      const server = await startServer(net, ['0.0.0.0', '::']);
      const { port } = server.endpoints[0]!;
      for (const asked of [endpoint('127.0.0.1', port), endpoint('::1', port)]) {
        for (const request of [bindingRequest(), bindingRequest([{ type: 'software', text: 'test' }])]) {
          const { from, local, decoded } = await askUdp(asked, request);
          assert.deepEqual([from, mapped(decoded.message)], [asked, local]);
          assert.equal(findAttribute(decoded.message, 'other-address'), undefined);
        }
        const { decoded, local } = await askTcp(asked, bindingRequest());
        assert.deepEqual(mapped(decoded.message), local);
      }
      server.close();
      await net.close();
    });
  });
}

function mapped(message: StunMessage): Endpoint | undefined {
  return findAttribute(message, 'xor-mapped-address')?.endpoint;
}
