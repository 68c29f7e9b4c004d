// The DSCP values a test can ask for, by their names in the registry (RFC 2474, 2597, 3246, 5865).

export const dscpIds = [
  '0',
  '8',
  '16',
  '24',
  '32',
  '40',
  '48',
  '56',
  '10',
  '12',
  '14',
  '18',
  '20',
  '22',
  '26',
  '28',
  '30',
  '34',
  '36',
  '38',
  '46',
  '44',
] as const;
export type DscpId = (typeof dscpIds)[number];

/** `AF11 (DSCP 10)` */
export function dscpLabel(id: DscpId): string {
  return `${dscpName(Number(id))} (DSCP ${id})`;
}

function dscpName(value: number): string {
  if (value === 0) return 'Best Effort';
  if (value === 44) return 'Voice Admit';
  if (value === 46) return 'EF';
  // Assured forwarding: class in the upper three bits, drop precedence in the next two (RFC 2597, section 6).
  const precedence = (value & 7) >> 1;
  return precedence === 0 ? `CS${value >> 3}` : `AF${value >> 3}${precedence}`;
}
