// What the kernel of a Report's sender says of the connection, over TCP.
//
//   ┌───────────────────────────┬───────────────────────────┐
//   │                  segments sent again                  │   0 … 3
//   ├───────────────────────────┴───────────────────────────┤
//   │           smoothed round trip, microseconds           │   4 … 7
//   ├───────────────────────────────────────────────────────┤
//   │       its mean deviation (RFC 6298), microseconds     │   8 … 11
//   ├───────────────────────────────────────────────────────┤
//   │  least round trip, microseconds; all ones: not known  │   12 … 15
//   ├───────────────────────────┬───────────────────────────┤
//   │            MSS            │  path MTU; 0: not known   │   16 … 19
//   └───────────────────────────┴───────────────────────────┘
//
// Further octets are ignored.

export interface TcpFigures {
  readonly retransmissions: number;
  readonly roundTripUs: number;
  readonly roundTripDeviationUs: number;
  readonly leastRoundTripUs: number | null;
  readonly mss: number;
  readonly pathMtu: number | null;
}

const figuresBytes = 20;
const most = 0xffff_ffff;

/** What is out of range is cut to it. */
export function encodeTcpFigures(figures: TcpFigures): Uint8Array {
  const bytes = new Uint8Array(figuresBytes);
  const view = new DataView(bytes.buffer);
  const numbers = [figures.retransmissions, figures.roundTripUs, figures.roundTripDeviationUs];
  for (const [i, number] of numbers.entries()) view.setUint32(4 * i, within(number, most));
  const { leastRoundTripUs } = figures;
  view.setUint32(12, leastRoundTripUs === null ? most : within(leastRoundTripUs, most - 1));
  view.setUint16(16, within(figures.mss, 0xffff));
  view.setUint16(18, within(figures.pathMtu ?? 0, 0xffff));
  return bytes;
}

/** Null where there are too few octets. */
export function decodeTcpFigures(bytes: Uint8Array): TcpFigures | null {
  if (bytes.length < figuresBytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [retransmissions, roundTripUs, roundTripDeviationUs, least] = [0, 4, 8, 12].map((at) =>
    view.getUint32(at),
  ) as [number, number, number, number];
  const pathMtu = view.getUint16(18);
  return {
    retransmissions,
    roundTripUs,
    roundTripDeviationUs,
    leastRoundTripUs: least === most ? null : least,
    mss: view.getUint16(16),
    pathMtu: pathMtu === 0 ? null : pathMtu,
  };
}

function within(value: number, limit: number): number {
  return Math.min(limit, Math.max(0, Math.round(value)));
}
