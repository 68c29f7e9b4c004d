// The registration's machine with a test's hand on the clock.

import assert from 'node:assert/strict';
import type { TraversalAccess } from '@pinhole/contract';
import type { Random } from '@pinhole/net';
import {
  type DecodedStun,
  type Endpoint,
  encodeStun,
  endpoint,
  type RendezvousBody,
  stunMethods,
  type Transport,
} from '@pinhole/wire';
import { stepRegistration } from './machine.ts';
import { newRegistration, type RegistrationEffect, type RegistrationEvent } from './state.ts';

export const server = endpoint('198.51.100.9', 9119);
export const mapped = endpoint('203.0.113.5', 40_000);
export const moved = endpoint('203.0.113.5', 40_001);
export const access: TraversalAccess = {
  servers: [
    { host: 'one.example', ports: [9119, 9120] },
    { host: null, ports: [9119] },
  ],
  username: '1800000000:11',
  password: 'secret',
  expiresAtMs: 1_800_000_000_000,
};
export const sessionId = new Uint8Array(16).fill(9);
export const meet = {
  kind: 'meet',
  sessionId,
  transport: 'udp',
  roundId: 60,
  ticket: new Uint8Array(65),
  attempt: 1,
  profile: null,
  mapped: null,
} as const;

export const invite = {
  kind: 'invite',
  sessionId,
  transport: 'udp',
  roundId: 60,
  testId: '7',
  sourceAgentId: '22',
  attempt: 1,
} as const;
export const start = {
  kind: 'start',
  sessionId,
  peers: [moved],
  startInMs: 40,
  method: 'punched',
  openerTtl: null,
  search: null,
  atFault: 'target',
} as const;

export type Sent = Extract<RegistrationEffect, { kind: 'send' }>;

/** The machine under test, with the clock in the test's hand. Transaction ids count up. */
export function registration(jitter: (limit: number) => number = () => 0) {
  let count = 0;
  const random: Random = { bytes: (length) => new Uint8Array(length).fill(++count), below: jitter };
  const machine = {
    state: newRegistration(),
    nowMs: 1_000,
    wakeAtMs: null as number | null,
    feed(event: RegistrationEvent): RegistrationEffect[] {
      const step = stepRegistration(machine.state, event, machine.nowMs, random);
      machine.state = step.state;
      machine.wakeAtMs = step.wakeAtMs;
      assert.ok(step.wakeAtMs === null || step.wakeAtMs > machine.nowMs, 'a wake-up that is due already');
      return step.effects;
    },
    /** Lets time pass to the next wake-up. */
    wake(): RegistrationEffect[] {
      assert.ok(machine.wakeAtMs !== null);
      machine.nowMs = machine.wakeAtMs;
      return machine.feed({ kind: 'tick' });
    },
    /** Lets time pass until Register goes out over UDP; keep-alives are answered meanwhile. */
    refresh(): Sent {
      for (;;) {
        const effects = machine.wake();
        const register = effects.find((each) => each.kind === 'send' && each.transport === 'udp');
        if (effects.some(({ kind }) => kind === 'keep-alive')) machine.feed({ kind: 'kept-alive' });
        if (register !== undefined) return register as Sent;
      }
    },
    after(delayMs: number): RegistrationEffect[] {
      machine.nowMs += delayMs;
      return machine.feed({ kind: 'tick' });
    },
    hear(
      body: RendezvousBody,
      { transport = 'tcp', to, signed = true }: { transport?: Transport; to?: Sent; signed?: boolean } = {},
    ): RegistrationEffect[] {
      const transactionId = to?.message.transactionId ?? new Uint8Array(12).fill(200);
      const message = { transactionId, body, username: null, nonce: null };
      return machine.feed({ kind: 'message', transport, message, signed });
    },
    /** To where Register is sent over TCP. */
    connect(): Sent {
      machine.feed({ kind: 'access', access });
      return sent(machine.feed({ kind: 'connected', server }));
    },
    /** To where it is registered over TCP; the first Register over UDP. */
    register(): Sent {
      const register = machine.connect();
      return sent(machine.hear({ kind: 'registered', lifetimeS: 60, mapped }, { to: register }));
    },
  };
  return machine;
}

export function sent(effects: readonly RegistrationEffect[]): Sent {
  const all = effects.filter((each) => each.kind === 'send');
  assert.equal(all.length, 1, JSON.stringify(effects));
  return all[0] as Sent;
}

export function kinds(effects: readonly RegistrationEffect[]): string[] {
  return effects.map((each) =>
    each.kind === 'send' ? `${each.transport} ${each.message.body.kind}` : each.kind,
  );
}

export function refusal(
  method: 'register' | 'meet',
  code: number,
  nonce: string | null = null,
): Extract<RendezvousBody, { kind: 'refused' }> {
  return { kind: 'refused', method, code, reason: 'no', nonce };
}

/** A server's answer to a Binding request; null where `decoded` is none. */
export function bindingAnswer({ message }: DecodedStun, mapped: Endpoint): Uint8Array | null {
  if (message.method !== stunMethods.binding || message.class !== 'request') return null;
  const attributes = [{ type: 'xor-mapped-address', endpoint: mapped }] as const;
  const { method, transactionId } = message;
  return encodeStun({ class: 'success', method, transactionId, attributes: [...attributes] });
}
