export { type Capture, type CaptureOptions, openCapture } from './linux/capture.ts';
export { type LinuxNetAvailability, linuxNetAvailable } from './linux/libc.ts';
export { inNetworkNamespace, NamespaceError } from './linux/namespace.ts';
export { createLinuxNet } from './linux/net.ts';
export * from './net.ts';
export { createNodeNet } from './node/net.ts';
export { type ClockSkew, skewedNet } from './skewed.ts';
export * from './types.ts';
