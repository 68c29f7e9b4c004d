// The program that is all links of a lab: link-main.ts TASK, a LinkTask as JSON. It passes frames on between the two
// middle ends of each link, late or not at all. First a line `ready`; then for each line on its standard input, a
// LinkChange as JSON, a line `done`. Ends with its standard input.
//
// It waits in the kernel and not in Node's event loop, which is too coarse.

import { readSync, writeSync } from 'node:fs';
import { createNodeNet, inNetworkNamespace } from '@pinhole/net';
import { call, fail, memory } from '../libc.ts';
import { monotonicNs } from './clock.ts';
import { readFrame } from './frame.ts';
import { FrameSocket, slotCount } from './frames.ts';
import { switchOffloadsOff } from './offload.ts';
import { Passage, type Slots } from './passage.ts';
import type { LinkDirection, LinkProfile } from './profile.ts';
import { DepartureQueue } from './queue.ts';
import { Recorder, type Recording } from './record.ts';

export interface LinkTask {
  /** The file of the namespace in which the middle ends are. */
  readonly middle: string;
  readonly links: readonly {
    /** The middle ends: `up` goes from the second to the first. */
    readonly interfaceNames: readonly [string, string];
    /** The link's ends, with the file of the namespace that each is in; null for this process's. */
    readonly ends: readonly { readonly namespace: string | null; readonly interfaceName: string }[];
    readonly profile: LinkProfile;
  }[];
}

export interface LinkChange {
  /** In the task's order. */
  readonly link: number;
  readonly profile: LinkProfile;
}

/** What comes in by one middle end. */
interface Incoming {
  readonly toInterface: number;
  readonly passage: Passage;
}

const sched_setscheduler = call('int sched_setscheduler(int, int, uintptr_t)');
const ppoll = call('int ppoll(uintptr_t, unsigned long, uintptr_t, uintptr_t)');
const if_nametoindex = call('uint if_nametoindex(const char *)') as unknown as (name: string) => number;

/** Ahead of every ordinary process (sched(7)). */
const SCHED_RR = 2;
const POLLIN = 1;
/** In a crowd, frames that need not leave at once are read this often: their stamps tell when they came. */
const tickNs = 250_000;
/** Frames that came during one turn. */
const crowd = 2;
/** A delay shorter than this is kept only by a program that is woken by each frame. */
const promptMs = 1;

const task = JSON.parse(process.argv[2]!) as LinkTask;
const { random } = createNodeNet();
// Only real root may; on an idle machine it makes little difference.
const priority = memory(4);
priority.data.setInt32(0, 1, true);
sched_setscheduler(0, SCHED_RR, priority.pointer);

for (const { namespace, interfaceName } of task.links.flatMap(({ ends }) => ends)) {
  if (namespace === null) switchOffloadsOff(interfaceName);
  else inNetworkNamespace(namespace, () => switchOffloadsOff(interfaceName));
}
const [socket, indexes] = inNetworkNamespace(task.middle, () => [
  new FrameSocket(),
  task.links.map(({ interfaceNames }) =>
    interfaceNames.map((name) => if_nametoindex(name) || fail(`find ${name}`)),
  ),
]);
const queue = new DepartureQueue(slotCount);
const destinations = new Int32Array(slotCount);
/** By slot. */
const recordings: (Recording | null)[] = new Array(slotCount).fill(null);
const slots: Slots = {
  random,
  leave: (slot, leavesNs) => queue.push(slot, leavesNs),
  copy(slot) {
    const copy = socket.copy(slot);
    if (copy === null) return null;
    destinations[copy] = destinations[slot]!;
    recordings[copy] = null;
    return copy;
  },
  frame: (slot) => socket.frame(slot),
  record(slot, recording) {
    recordings[slot] = recording;
  },
};
/** By the file that each is to be written to. */
const recorders = new Map<string, Recorder>();
const profiles = task.links.map(({ profile }) => profile);
/** By the interface's index. */
const incoming = new Map<number, Incoming>();
for (const [near, far] of indexes as [number, number][]) {
  incoming.set(far, { toInterface: near, passage: new Passage('up', slots) });
  incoming.set(near, { toInterface: far, passage: new Passage('down', slots) });
}
const passages = [...incoming.values()].map(({ passage }) => passage);
const waiting = memory(16);
const timeout = memory(16);
let isPrompt = true;

task.links.forEach((_, link) => {
  apply(link);
});
writeSync(1, 'ready\n');
run();

/** Makes the link what its profile says, and writes the records that no profile asks for any more. */
function apply(link: number): void {
  const directions = profiles.flatMap(({ up, down }) => [up, down]);
  const files = new Set(directions.flatMap(({ recordFile }) => recordFile ?? []));
  for (const file of files) if (!recorders.has(file)) recorders.set(file, new Recorder());
  const [near, far] = indexes[link]! as [number, number];
  const { up, down } = profiles[link]!;
  incoming.get(far)!.passage.change(up, recorderOf(up));
  incoming.get(near)!.passage.change(down, recorderOf(down));
  isPrompt = directions.some(({ delayMs, jitterMs }) => delayMs - jitterMs < promptMs);
  for (const [file, recorder] of recorders) {
    if (files.has(file)) continue;
    recorder.write(file);
    recorders.delete(file);
  }
  socket.onLeft(recorders.size === 0 ? null : left);
}

function recorderOf({ recordFile }: LinkDirection): Recorder | null {
  return recordFile === undefined ? null : recorders.get(recordFile)!;
}

function left(slot: number, leftNs: number | null, byKernel: boolean): void {
  recordings[slot]?.left(leftNs, byKernel);
  recordings[slot] = null;
}

function accept(slot: number, fromInterface: number, cameNs: number): boolean {
  const from = incoming.get(fromInterface);
  if (from === undefined) return false;
  destinations[slot] = from.toInterface;
  recordings[slot] = null;
  if (socket.isIp(slot)) return from.passage.take(slot, () => readFrame(socket.frame(slot)), cameNs);
  queue.push(slot, cameNs);
  return true;
}

function run(): void {
  waiting.data.setInt32(0, 0, true);
  waiting.data.setInt16(4, POLLIN, true);
  waiting.data.setInt32(8, socket.descriptor, true);
  waiting.data.setInt16(12, POLLIN, true);
  for (;;) {
    const count = socket.receive(accept);
    const nowNs = monotonicNs();
    for (const passage of passages) passage.giveUp(nowNs);
    while (queue.nextNs <= nowNs) {
      const slot = queue.pop();
      socket.send(slot, destinations[slot]!);
    }
    socket.flush();
    wait(count >= crowd);
    if (waiting.data.getInt16(6, true) !== 0 && !obey()) return;
  }
}

/** `isCrowded`: many frames come, so that to be woken by each costs more than it gains. */
function wait(isCrowded: boolean): void {
  waiting.data.setInt16(6, 0, true);
  const nextNs = passages.reduce((earliest, { latestNs }) => Math.min(earliest, latestNs), queue.nextNs);
  const leftNs = nextNs - monotonicNs();
  if (leftNs <= 0) return;
  const isTicking = isCrowded && !isPrompt;
  const waitNs = isTicking ? Math.min(leftNs, tickNs) : leftNs;
  if (waitNs !== Infinity) {
    timeout.data.setBigInt64(0, BigInt(Math.floor(waitNs / 1e9)), true);
    timeout.data.setBigInt64(8, BigInt(Math.floor(waitNs % 1e9)), true);
  }
  ppoll(waiting.pointer, isTicking ? 1 : 2, waitNs === Infinity ? 0 : timeout.pointer, 0);
}

/** Takes what stands on standard input; false at its end. */
function obey(): boolean {
  const buffer = Buffer.alloc(65_536);
  const length = readSync(0, buffer);
  if (length === 0) return false;
  // Its writer waits for each line's answer, and a line is shorter than the buffer.
  for (const line of buffer.toString('utf8', 0, length).trim().split('\n')) {
    const { link, profile } = JSON.parse(line) as LinkChange;
    profiles[link] = profile;
    apply(link);
    writeSync(1, 'done\n');
  }
  return true;
}
