/** An Ethernet frame with a UDP datagram over IPv4, from 192.0.2.1 to 192.0.2.2. */
export function udpFrame(
  payload: string | Uint8Array,
  sourcePort = 5000,
  destinationPort = 6000,
): Uint8Array {
  const data = Buffer.from(payload);
  const frame = Buffer.alloc(14 + 20 + 8 + data.length);
  frame.writeUInt16BE(0x0800, 12);
  const ip = frame.subarray(14);
  ip[0] = 0x45;
  ip.writeUInt16BE(20 + 8 + data.length, 2);
  ip[8] = 64;
  ip[9] = 17;
  ip.set([192, 0, 2, 1, 192, 0, 2, 2], 12);
  ip.writeUInt16BE(sourcePort, 20);
  ip.writeUInt16BE(destinationPort, 22);
  ip.writeUInt16BE(8 + data.length, 24);
  ip.set(data, 28);
  return frame;
}
