// Memory that the kernel may read and write: it stays at one address, which a Buffer's does not.

import { libc } from './libc.ts';

export interface Memory {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Zeroed, and kept for the life of the process: allocate once, and share. */
export function allocate(length: number): Memory {
  const { buffer, address } = libc().allocate(length);
  return { address, bytes: new Uint8Array(buffer), view: new DataView(buffer) };
}

/** Writes a pointer or a size_t. */
export function setWord(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % 2 ** 32, true);
  view.setUint32(offset + 4, Math.floor(value / 2 ** 32), true);
}

/** Reads a size_t or a time_t. */
export function getWord(view: DataView, offset: number): number {
  return view.getInt32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true);
}

let scratch: Memory | null = null;

/** For the parameters of one system call, written just before it. */
export function scratchMemory(): Memory {
  scratch ??= allocate(256);
  return scratch;
}
