export * from './packet.ts';
export * from './time.ts';
export { type SubTlv, type Tlv, type TlvValue, tlvFlag } from './tlv.ts';
