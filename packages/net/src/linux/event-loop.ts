// Node's own event loop watches a descriptor for us. Node has no way to ask it for that; but its program exports libuv,
// for addons, and so for FFI as well.

import { isMainThread } from 'node:worker_threads';
import { loadKoffi } from './koffi.ts';

// uv_handle_type and uv_poll_event of <uv.h>
const UV_POLL = 8;
const UV_READABLE = 1;

export interface Watch {
  /** Calls back, once a turn of the loop, while the descriptor is readable; and keeps the process running. */
  start(): void;
  stop(): void;
}

interface Libuv {
  watch(fd: number, onReadable: () => void): Watch;
}

let loaded: Libuv | null = null;

/** Throws where there is no libuv to call, and on a worker's thread, whose loop cannot be found. */
export function libuv(): Libuv {
  loaded ??= load();
  return loaded;
}

function load(): Libuv {
  if (!isMainThread) throw new Error('only on the main thread');
  const koffi = loadKoffi();
  const program = koffi.load(null);
  const callback = koffi.pointer(koffi.proto('void uv_poll_cb(uintptr_t, int, int)'));
  const loop = program.func('uintptr_t uv_default_loop()');
  const handleSize = program.func('size_t uv_handle_size(int)');
  const init = program.func('int uv_poll_init(uintptr_t, uintptr_t, int)');
  const start = program.func('uv_poll_start', 'int', ['uintptr_t', 'int', callback]);
  const stop = program.func('int uv_poll_stop(uintptr_t)');
  return {
    watch(fd, onReadable) {
      const handle = Number(koffi.address(koffi.alloc('uint8_t', Number(handleSize(UV_POLL)))));
      const outcome = init(loop(), handle, fd);
      if (outcome !== 0) throw new Error(`libuv does not watch: ${outcome}`);
      const onEvent = koffi.register(() => {
        try {
          onReadable();
        } catch (error) {
          // Nothing may be thrown through C.
          setImmediate(() => {
            throw error;
          });
        }
      }, callback);
      return {
        start: () => void start(handle, UV_READABLE, onEvent),
        stop: () => void stop(handle),
      };
    },
  };
}
