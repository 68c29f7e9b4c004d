// Where bulk packets leave: as datagrams, or in the session's connection.

import type { SendRequest, TcpConnection, UdpSocket } from '@pinhole/net';
import { bulkDatagramBytes, type Endpoint, frameBulk, setBulkSequence, writeBulkHeader } from '@pinhole/wire';

export interface BulkLine {
  /**
   * Packets numbered from `first` on. Returns how many were taken, the others are not sent later; null: the way to the peer
   * is gone.
   */
  send(first: number, count: number): number | null;
}

/** As long as this waits in a connection, nothing is added: what others send on it comes behind it. */
const maxQueuedBytes = 64 << 10;
/** With its frame's header. The larger, the fewer system calls. */
const bulkFrameBytes = 16 << 10;

/** `socket`: by which the session goes, null where it is closed. */
export function datagramLine(
  socket: () => UdpSocket | null,
  { to, dscp, tag }: { readonly to: Endpoint; readonly dscp: number; readonly tag: Uint8Array },
): BulkLine {
  const requests: SendRequest[] = [];
  return {
    send(first, count) {
      while (requests.length < count) {
        const data = new Uint8Array(bulkDatagramBytes);
        writeBulkHeader(data, { sequence: 0, tag });
        requests.push({ data, to, dscp });
      }
      const batch = requests.slice(0, count);
      for (const [i, { data }] of batch.entries()) setBulkSequence(data, first + i);
      const outcomes = socket()?.sendBatch(batch) ?? null;
      if (outcomes === null || outcomes.some((each) => !each.sent && each.reason === 'closed')) return null;
      return outcomes.filter(({ sent }) => sent).length;
    },
  };
}

/** `connection`: the session's, null where it is gone. The DSCP is that of the session's probes. */
export function streamLine(
  connection: () => Pick<TcpConnection, 'bufferedBytes' | 'write'> | null,
  tag: Uint8Array,
): BulkLine {
  const packet = new Uint8Array(bulkFrameBytes - 4);
  writeBulkHeader(packet, { sequence: 0, tag });
  const frame = frameBulk(packet);
  return {
    send(_first, count) {
      const open = connection();
      if (open === null) return null;
      let taken = 0;
      while (taken < count && open.bufferedBytes < maxQueuedBytes) {
        open.write(frame);
        taken += 1;
      }
      return taken;
    },
  };
}
