export type Transport = 'tcp' | 'udp';

/** IANA's protocol numbers. */
export const transportNumber: Record<Transport, number> = { tcp: 6, udp: 17 };

export function transportFromNumber(number: number): Transport | null {
  if (number === transportNumber.udp) return 'udp';
  return number === transportNumber.tcp ? 'tcp' : null;
}
