// STUN attributes: RFC 8489 §14, RFC 5780 §7 and our own (docs/protocol.md lists those with their meaning).
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |         Type                  |            Length             |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                         Value (padded to 4)                ....
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// The integrity attributes and FINGERPRINT belong to the message as a whole: see integrity.ts.

import { addressBytes, addressFamily, addressFromBytes, type Endpoint } from '../address.ts';

/** How an attribute's value is written. */
const addressCodes = {
  'mapped-address': 0x0001,
  'source-address': 0x0004, // RFC 3489 only
  'changed-address': 0x0005, // RFC 3489 only
  'alternate-server': 0x8023,
  'response-origin': 0x802b,
  'other-address': 0x802c,
} as const;

const xorAddressCodes = {
  'xor-mapped-address': 0x0020,
  'local-address': 0xe804,
  'peer-address': 0xe805,
} as const;

const textCodes = {
  username: 0x0006,
  realm: 0x0014,
  nonce: 0x0015,
  'alternate-domain': 0x8003,
  software: 0x8022,
  'test-id': 0xe802,
  'agent-id': 0xe803,
} as const;

const octetsCodes = {
  userhash: 0x001e,
  padding: 0x0026,
  ticket: 0xe800,
  'session-id': 0xe801,
  plan: 0xe809,
  records: 0xe80a,
  'nat-profile': 0xe80e,
  search: 0xe80f,
  'tcp-figures': 0xe815,
  throughput: 0xe816,
  arrived: 0xe817,
} as const;

/** Unsigned, in 4 octets. */
const numberCodes = {
  lifetime: 0x000d, // RFC 8656 §18.2, seconds
  'cache-timeout': 0x8027,
  'start-in': 0xe806,
  transport: 0xe807,
  'round-id': 0xe808,
  probe: 0xe80b,
  'probe-result': 0xe80c,
  elapsed: 0xe80d,
  attempt: 0xe810,
  'opener-ttl': 0xe811,
  method: 0xe812,
  'at-fault': 0xe813,
  'received-ttl': 0xe814,
  packets: 0xe818,
} as const;

const otherCodes = {
  'change-request': 0x0003,
  'error-code': 0x0009,
  'unknown-attributes': 0x000a,
  'password-algorithm': 0x001d,
  'response-port': 0x0027,
  'password-algorithms': 0x8002,
} as const;

export interface PasswordAlgorithm {
  /** RFC 8489 §18.5: 1 MD5, 2 SHA-256. */
  readonly algorithm: number;
  readonly parameters: Uint8Array;
}

/** One member of the union for each name, so that a name picks its member. */
type Named<Name extends string, Value> = Name extends string ? { readonly type: Name } & Value : never;

export type StunAttribute =
  | Named<keyof typeof addressCodes | keyof typeof xorAddressCodes, { readonly endpoint: Endpoint }>
  | Named<keyof typeof textCodes, { readonly text: string }>
  | Named<keyof typeof octetsCodes, { readonly octets: Uint8Array }>
  | Named<keyof typeof numberCodes | 'response-port', { readonly value: number }>
  | { readonly type: 'change-request'; readonly changeAddress: boolean; readonly changePort: boolean }
  | { readonly type: 'error-code'; readonly code: number; readonly reason: string }
  | { readonly type: 'unknown-attributes'; readonly codes: readonly number[] }
  | { readonly type: 'password-algorithm'; readonly algorithm: PasswordAlgorithm }
  | { readonly type: 'password-algorithms'; readonly algorithms: readonly PasswordAlgorithm[] }
  /** Below 0x8000 the receiver must understand it or refuse the request (RFC 8489 §6.3). */
  | { readonly type: 'unknown'; readonly code: number; readonly octets: Uint8Array };

export type StunAttributeType = StunAttribute['type'];

type Kind = 'address' | 'xor-address' | 'text' | 'octets' | 'number' | 'other';

const codeByType = new Map<StunAttributeType, number>();
const knownByCode = new Map<number, { type: StunAttributeType; kind: Kind }>();
for (const [kind, codes] of [
  ['address', addressCodes],
  ['xor-address', xorAddressCodes],
  ['text', textCodes],
  ['octets', octetsCodes],
  ['number', numberCodes],
  ['other', otherCodes],
] as const) {
  for (const [type, code] of Object.entries(codes)) {
    codeByType.set(type as StunAttributeType, code);
    knownByCode.set(code, { type: type as StunAttributeType, kind });
  }
}

export function attributeCode(attribute: StunAttribute): number {
  return attribute.type === 'unknown' ? attribute.code : (codeByType.get(attribute.type) as number);
}

/** RFC 8489 §14.3 and §14.9: these texts are at most 763 octets. */
const maxTextBytes = 763;

/** The attribute's value, without padding. `header` is the message's first 20 octets: addresses are XORed with it. */
export function encodeAttributeValue(attribute: StunAttribute, header: Uint8Array): Uint8Array {
  switch (attribute.type) {
    case 'change-request':
      return Uint8Array.of(0, 0, 0, (attribute.changeAddress ? 0x04 : 0) | (attribute.changePort ? 0x02 : 0));
    case 'error-code':
      return Buffer.concat([
        Uint8Array.of(0, 0, Math.floor(attribute.code / 100), attribute.code % 100),
        Buffer.from(attribute.reason, 'utf8'),
      ]);
    case 'unknown-attributes':
      return encode16(attribute.codes);
    case 'password-algorithm':
      return encodeAlgorithm(attribute.algorithm);
    case 'password-algorithms':
      return Buffer.concat(attribute.algorithms.map((each) => padded(encodeAlgorithm(each))));
    case 'response-port':
      return encode16([attribute.value, 0]);
    case 'unknown':
      return attribute.octets;
    default:
      if ('text' in attribute) return Buffer.from(attribute.text, 'utf8');
      if ('octets' in attribute) return attribute.octets;
      if ('value' in attribute) return encode16([attribute.value >>> 16, attribute.value & 0xffff]);
      return encodeEndpoint(attribute.endpoint, attribute.type in xorAddressCodes ? header : null);
  }
}

/** The attribute, or null where the value does not fit the code. Unknown codes are kept as they are. */
export function decodeAttribute(code: number, value: Uint8Array, header: Uint8Array): StunAttribute | null {
  const known = knownByCode.get(code);
  if (known === undefined) return { type: 'unknown', code, octets: value };
  const { type, kind } = known;
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  switch (kind) {
    case 'address':
    case 'xor-address': {
      const endpoint = decodeEndpoint(value, kind === 'xor-address' ? header : null);
      return endpoint === null ? null : ({ type, endpoint } as StunAttribute);
    }
    case 'text': {
      if (value.length > maxTextBytes) return null;
      const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');
      return { type, text } as StunAttribute;
    }
    case 'octets':
      return { type, octets: value } as StunAttribute;
    case 'number':
      return value.length === 4 ? ({ type, value: view.getUint32(0) } as StunAttribute) : null;
    case 'other':
      return decodeOther(type, view, value);
  }
}

function decodeOther(type: StunAttributeType, view: DataView, value: Uint8Array): StunAttribute | null {
  switch (type) {
    case 'change-request': {
      if (value.length !== 4) return null;
      const flags = view.getUint32(0);
      return { type, changeAddress: (flags & 0x04) !== 0, changePort: (flags & 0x02) !== 0 };
    }
    case 'error-code': {
      if (value.length < 4) return null;
      const [hundreds, units] = [view.getUint8(2) & 0x07, view.getUint8(3)];
      if (hundreds < 3 || hundreds > 6 || units > 99) return null; // RFC 8489 §14.8
      return { type, code: hundreds * 100 + units, reason: Buffer.from(value.subarray(4)).toString('utf8') };
    }
    case 'unknown-attributes': {
      if (value.length % 2 !== 0) return null;
      return { type, codes: Array.from({ length: value.length / 2 }, (_, i) => view.getUint16(i * 2)) };
    }
    case 'response-port':
      return value.length === 4 ? { type, value: view.getUint16(0) } : null;
    case 'password-algorithm': {
      const [algorithm, ...rest] = decodeAlgorithms(value) ?? [];
      return algorithm === undefined || rest.length > 0 ? null : { type, algorithm };
    }
    case 'password-algorithms': {
      const algorithms = decodeAlgorithms(value);
      return algorithms === null ? null : { type, algorithms };
    }
    default:
      return null;
  }
}

// Address value: 0 (1) · family (1) · port (2) · address (4 or 16). XORed: RFC 8489 §14.2.
function encodeEndpoint({ address, port }: Endpoint, xorWith: Uint8Array | null): Uint8Array {
  const octets = addressBytes(address);
  const value = Uint8Array.of(0, addressFamily(address) === 4 ? 1 : 2, port >>> 8, port & 0xff, ...octets);
  if (xorWith !== null) xorEndpoint(value, xorWith);
  return value;
}

function decodeEndpoint(value: Uint8Array, xorWith: Uint8Array | null): Endpoint | null {
  const octets = { 1: 4, 2: 16 }[value[1] as number];
  if (octets === undefined || value.length !== 4 + octets) return null;
  const plain = Uint8Array.from(value);
  if (xorWith !== null) xorEndpoint(plain, xorWith);
  const address = addressFromBytes(plain.subarray(4));
  return address === null ? null : { address, port: ((plain[2] as number) << 8) | (plain[3] as number) };
}

/** The port with the cookie's first half, the address with cookie and transaction id: octets 4 to 19 of the header. */
function xorEndpoint(value: Uint8Array, header: Uint8Array): void {
  for (let i = 2; i < 4; i++) value[i] = (value[i] as number) ^ (header[i + 2] as number);
  for (let i = 4; i < value.length; i++) value[i] = (value[i] as number) ^ (header[i] as number);
}

// Algorithm (2) · parameter length (2) · parameters, padded to 4 in a list (RFC 8489 §14.11 and §14.12)
function encodeAlgorithm({ algorithm, parameters }: PasswordAlgorithm): Uint8Array {
  return Buffer.concat([encode16([algorithm, parameters.length]), parameters]);
}

function decodeAlgorithms(value: Uint8Array): PasswordAlgorithm[] | null {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  const algorithms: PasswordAlgorithm[] = [];
  for (let at = 0; at < value.length; ) {
    if (at + 4 > value.length) return null;
    const length = view.getUint16(at + 2);
    if (at + 4 + length > value.length) return null;
    algorithms.push({ algorithm: view.getUint16(at), parameters: value.subarray(at + 4, at + 4 + length) });
    at += 4 + paddedLength(length);
  }
  return algorithms;
}

function encode16(numbers: readonly number[]): Uint8Array {
  return Uint8Array.from(numbers.flatMap((each) => [(each >>> 8) & 0xff, each & 0xff]));
}

/** RFC 8489 §14: values are padded to a multiple of 4 octets. */
export function paddedLength(length: number): number {
  return (length + 3) & ~3;
}

function padded(value: Uint8Array): Uint8Array {
  const result = new Uint8Array(paddedLength(value.length));
  result.set(value);
  return result;
}
