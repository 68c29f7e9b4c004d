export type { PasswordAlgorithm, StunAttribute, StunAttributeType } from './attributes.ts';
export { type FramingFailure, StunFramer } from './framing.ts';
export { type IntegrityKey, type IntegrityKind, longTermKey } from './integrity.ts';
export {
  type DecodedStun,
  decodeStun,
  encodeStun,
  findAttribute,
  looksLikeStun,
  type StunClass,
  type StunDecodeFailure,
  type StunMessage,
  stunCookie,
  stunHeaderBytes,
  stunMethods,
  verifyIntegrity,
} from './message.ts';
