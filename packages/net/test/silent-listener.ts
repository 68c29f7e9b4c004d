import { connect, type Socket } from 'node:net';
import { type Endpoint, endpoint } from '@pinhole/wire';
import koffi from 'koffi';

/** A listener that accepts nothing, its backlog full: Linux drops further SYNs to it without an answer. */
export async function openSilentListener(): Promise<{ endpoint: Endpoint; close(): void }> {
  const libc = koffi.load('libc.so.6');
  const socket = libc.func('int socket(int, int, int)');
  const listen = libc.func('int listen(int, int)');
  const close = libc.func('int close(int)');
  const bind = libc.func('int bind(int, const void *, uint)');
  const getsockname = libc.func('int getsockname(int, _Inout_ uint8_t *, _Inout_ uint *)');
  const [AF_INET, SOCK_STREAM] = [2, 1];
  const fd = socket(AF_INET, SOCK_STREAM, 0);
  const address = Buffer.from([AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  if (bind(fd, address, 16) !== 0 || listen(fd, 0) !== 0) throw new Error('cannot make the silent listener');
  getsockname(fd, address, [16]);
  const port = address.readUInt16BE(2);
  const fillers: Socket[] = [];
  for (;;) {
    const filler = connect(port, '127.0.0.1').on('error', () => undefined);
    fillers.push(filler);
    const taken = await new Promise((resolve) => {
      filler.once('connect', () => resolve(true));
      setTimeout(() => resolve(false), 300);
    });
    if (taken !== true) break;
  }
  return {
    endpoint: endpoint('127.0.0.1', port),
    close() {
      for (const filler of fillers) filler.destroy();
      close(fd);
    },
  };
}
