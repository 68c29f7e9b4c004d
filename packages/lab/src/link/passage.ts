// One direction of a link: what becomes of each packet that comes. The packets themselves are slots of somebody else's.

import type { Random } from '@pinhole/net';
import { type Fault, FaultCounts } from './faults.ts';
import type { FlowPacket } from './frame.ts';
import { departure, type LinkDirection, plainDirection } from './profile.ts';
import type { Recorder, Recording } from './record.ts';

/** A packet that waits for the next one waits this long at most. */
export const longestWaitNs = 1e9;

const noFault = { hit: null, nextOf: [] };

/** What a passage needs of who keeps the packets. */
export interface Slots {
  readonly random: Pick<Random, 'below'>;
  /** The packet in the slot leaves then. */
  leave(slot: number, leavesNs: number): void;
  /** Another slot with the same packet; null where there is no room. */
  copy(slot: number): number | null;
  /** The octets of the frame; only lent. */
  frame(slot: number): Uint8Array;
  /** What becomes of the packet in the slot is written down there. */
  record(slot: number, recording: Recording): void;
}

interface Waiting {
  readonly slot: number;
  readonly fault: Fault;
  readonly latestNs: number;
}

export class Passage {
  readonly #which: 'up' | 'down';
  readonly #slots: Slots;
  #direction = plainDirection;
  #faults = new FaultCounts([]);
  #recorder: Pick<Recorder, 'came'> | null = null;
  /** When the last packet leaves that was not held back. */
  #lastNs = 0;
  #waiting: Waiting[] = [];

  constructor(which: 'up' | 'down', slots: Slots) {
    this.#which = which;
    this.#slots = slots;
  }

  /** For packets from now on; what they are counted by begins anew. */
  change(direction: LinkDirection, recorder: Pick<Recorder, 'came'> | null): void {
    this.#direction = direction;
    this.#faults = new FaultCounts(direction.faults);
    this.#recorder = recorder;
  }

  /** When the first of those leaves that wait for a next one; Infinity where none does. */
  get latestNs(): number {
    return this.#waiting.reduce((earliest, { latestNs }) => Math.min(earliest, latestNs), Infinity);
  }

  /** An IP packet came; `read` tells what it is. @returns whether it leaves at all */
  take(slot: number, read: () => FlowPacket | null, cameNs: number): boolean {
    const packet = this.#faults.isEmpty ? null : read();
    const { hit, nextOf } = packet === null ? noFault : this.#faults.take(packet);
    const { random } = this.#slots;
    const going = hit?.kind === 'drop' ? null : departure(this.#direction, cameNs, this.#lastNs, random);
    if (going === null) {
      this.#recorder?.came(this.#which, this.#slots.frame(slot), cameNs, 'lost');
      return false;
    }
    const isWaiting = hit?.kind === 'hold-back';
    this.#record(slot, cameNs, isWaiting || going.heldBack ? 'held-back' : 'passed');
    if (isWaiting) {
      this.#waiting.push({ slot, fault: hit, latestNs: going.leavesNs + longestWaitNs });
      return true;
    }
    let atNs = going.leavesNs;
    this.#slots.leave(slot, atNs);
    if (going.twice || hit?.kind === 'duplicate') atNs = this.#leaveAgain(slot, cameNs, atNs);
    if (nextOf.length > 0) atNs = this.#follow(nextOf, atNs);
    if (!going.heldBack) this.#lastNs = atNs;
    return true;
  }

  /** Those for which no next one came leave. */
  giveUp(nowNs: number): void {
    if (this.#waiting.length === 0) return;
    const due = this.#waiting.filter(({ latestNs }) => latestNs <= nowNs);
    this.#waiting = this.#waiting.filter(({ latestNs }) => latestNs > nowNs);
    for (const { slot, latestNs } of due) this.#slots.leave(slot, latestNs);
  }

  /** Those that have waited for a packet that leaves at `leavesNs` do so right behind it. @returns when the last does */
  #follow(faults: readonly Fault[], leavesNs: number): number {
    const followers = this.#waiting.filter(({ fault }) => faults.includes(fault));
    this.#waiting = this.#waiting.filter((each) => !followers.includes(each));
    followers.forEach(({ slot }, i) => {
      this.#slots.leave(slot, leavesNs + i + 1);
    });
    return leavesNs + followers.length;
  }

  /** @returns when it does */
  #leaveAgain(slot: number, cameNs: number, leavesNs: number): number {
    const copy = this.#slots.copy(slot);
    if (copy === null) return leavesNs;
    this.#record(copy, cameNs, 'copy');
    this.#slots.leave(copy, leavesNs + 1);
    return leavesNs + 1;
  }

  #record(slot: number, cameNs: number, fate: 'passed' | 'held-back' | 'copy'): void {
    const recording = this.#recorder?.came(this.#which, this.#slots.frame(slot), cameNs, fate);
    if (recording != null) this.#slots.record(slot, recording);
  }
}
