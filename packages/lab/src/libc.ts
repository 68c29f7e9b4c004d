// Calls into libc, for what Node has no function for, and memory that the kernel may read and write.

import koffi from 'koffi';

const library = koffi.load(null);

/** A function of libc by its prototype. Pointers are numbers: those of memory(). */
export function call(prototype: string): (...parameters: (number | bigint)[]) => number {
  const func = library.func(prototype);
  return (...parameters) => Number(func(...parameters));
}

export interface Memory {
  readonly pointer: number;
  readonly bytes: Uint8Array;
  readonly data: DataView;
}

/** Zeroed, and kept for the life of the process; unlike a Buffer's it does not move. */
export function memory(length: number): Memory {
  const pointer = koffi.alloc('uint8_t', length);
  const buffer = koffi.view(pointer, length);
  new Uint8Array(buffer).fill(0);
  return {
    pointer: Number(koffi.address(pointer)),
    bytes: new Uint8Array(buffer),
    data: new DataView(buffer),
  };
}

/** Ends the program with a sentence about the call that has just failed. */
export function fail(aim: string): never {
  process.stderr.write(`cannot ${aim}: errno ${koffi.errno()}\n`);
  process.exit(1);
}

/** Writes a pointer or a size. */
export function setWord({ data }: Memory, offset: number, value: number): void {
  data.setUint32(offset, value % 2 ** 32, true);
  data.setUint32(offset + 4, Math.floor(value / 2 ** 32), true);
}
