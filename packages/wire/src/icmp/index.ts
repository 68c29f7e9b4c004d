export {
  decodeIcmpError,
  encodeTimeExceeded,
  type IcmpDecodeFailure,
  type IcmpError,
  icmpTypes,
  isTooBig,
  unannouncedExtension,
} from './error.ts';
export {
  decodeIcmpExtension,
  encodeIcmpExtension,
  type IcmpExtensionFailure,
  type IcmpExtensions,
  type MplsLabel,
  maxMplsLabels,
} from './extension.ts';
export type { QuotedPacket } from './quoted.ts';
