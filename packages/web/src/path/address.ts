// IP addresses as text: which are private, and which network they are in.

/** RFC 1918, 6598 (carrier-grade), 3927 and 4193, 4291 (link-local): many hosts may have the same one. */
export function isPrivateAddress(address: string): boolean {
  const groups = ipv6Groups(address);
  if (groups !== null) return (groups[0]! & 0xfe00) === 0xfc00 || (groups[0]! & 0xffc0) === 0xfe80;
  return ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'].some((prefix) =>
    isInPrefix(address, prefix),
  );
}

/** `192.0.2.0/24`, of IPv6 `2001:db8:1::/48`; null for what is no address. */
export function networkPrefix(address: string): string | null {
  const ipv4 = ipv4Number(address);
  if (ipv4 !== null) return `${address.split('.').slice(0, 3).join('.')}.0/24`;
  const groups = ipv6Groups(address);
  if (groups === null) return null;
  const kept = groups.slice(0, 3).map((group) => group.toString(16));
  return `${kept.join(':')}::/48`;
}

/** Whether an address is in a prefix, `192.0.2.0/24` or `2001:db8::/32`; false where one of them is none. */
export function isInPrefix(address: string, prefix: string): boolean {
  const [network, length] = prefix.split('/');
  if (network === undefined || length === undefined || !/^\d{1,3}$/.test(length)) return false;
  const bits = Number(length);
  const [a, b] = [addressBits(address), addressBits(network)];
  if (a === null || b === null || a.length !== b.length || bits > a.length) return false;
  return a.slice(0, bits) === b.slice(0, bits);
}

function addressBits(address: string): string | null {
  const ipv4 = ipv4Number(address);
  if (ipv4 !== null) return ipv4.toString(2).padStart(32, '0');
  const groups = ipv6Groups(address);
  return groups === null ? null : groups.map((group) => group.toString(2).padStart(16, '0')).join('');
}

function ipv4Number(address: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address);
  if (match === null) return null;
  const octets = match.slice(1).map(Number);
  return octets.some((octet) => octet > 255) ? null : octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

function ipv6Groups(address: string): number[] | null {
  if (!/^[\da-fA-F:]+$/.test(address) || !address.includes(':')) return null;
  const halves = address.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - head!.length - tail.length }, () => '0');
  const groups = [...head!, ...zeros, ...(tail ?? [])];
  if (groups.length !== 8 || groups.some((group) => !/^[\da-fA-F]{1,4}$/.test(group))) return null;
  return groups.map((group) => Number.parseInt(group, 16));
}
