// What a program may ask of the world. Each interface stands three times: node/ (portable), linux/ (kernel
// features through libc) and sim/ (virtual clock and network). test/ holds the one suite that all three pass.

import type { Endpoint, IcmpError, IpAddress } from '@pinhole/wire';

/** Everything a program may ask of the world, in one value. */
export interface Net {
  readonly clock: Clock;
  readonly random: Random;
  readonly udp: UdpOpener;
  readonly tcp: TcpConnector;
  readonly icmp: IcmpOpener;
  readonly host: Host;
  /** Frees what all sockets share. Sockets still open are closed. */
  close(): Promise<void>;
}

export interface Clock {
  /** Nanoseconds since an origin of the clock's own; never steps. For measuring and for every deadline. */
  monotonicNs(): number;
  /** Milliseconds since 1970; may step. For storage and display, and for what other machines must agree on. */
  wallMs(): number;
  /** Calls back once, `delayMs` from now or a little later; never at once. */
  after(delayMs: number, callback: () => void): Timer;
}

export interface Timer {
  /** Does nothing when the callback has run. */
  cancel(): void;
}

export interface Random {
  /** Unpredictable octets: may be used for keys. In the simulator, the seed's. */
  bytes(length: number): Uint8Array;
  /** A uniform integer, 0 <= n < limit. */
  below(limit: number): number;
}

export interface Host {
  readonly hostname: string;
  /** The addresses of all interfaces that are up, without loopback. */
  interfaces(): InterfaceAddresses[];
  /** What packets to `destination` leave with, by the system's routes; null where none leads there. Sends nothing. */
  sourceFor(destination: IpAddress): Promise<IpAddress | null>;
  /** The addresses of a name, or the address itself; empty where there is none. */
  resolve(name: string): Promise<IpAddress[]>;
}

export interface InterfaceAddresses {
  readonly interfaceName: string;
  readonly ipAddresses: IpAddress[];
}

// ---- UDP -----------------------------------------------------------------------------------------------------

export interface UdpOpener {
  /** What the sockets opened here can do, so that a program may say what it leaves out. */
  readonly features: UdpFeatures;
  /** Rejects with SocketError. */
  open(options: UdpOptions, handler: UdpHandler): Promise<UdpSocket>;
}

export interface UdpFeatures {
  /** Datagram.receivedAtNs is the kernel's stamp, not the moment the program was woken. */
  readonly receiveStamps: boolean;
  /** Sends asked for with `stamp` are followed by onTransmitted. */
  readonly transmitStamps: boolean;
  /** SendRequest.ttl and .dscp take effect, per datagram; Datagram.ttl is known. */
  readonly packetOptions: boolean;
  /** ICMP errors reach onUnreachable. */
  readonly errorQueue: boolean;
}

export interface UdpOptions {
  /** Where to bind. An unspecified address takes datagrams to all; port 0 takes a free one. */
  readonly local: Endpoint;
  /** SO_REUSEPORT: several sockets of this user on one port. @default false */
  readonly reusePort?: boolean;
  /** SO_RCVBUF and SO_SNDBUF, in octets. @default the system's */
  readonly bufferBytes?: number;
  /**
   * Datagrams leave with "don't fragment" set and as large as they are, whatever the kernel believes the path to take;
   * one beyond the first link's MTU is `too-big`. Has no effect without packetOptions. @default false
   */
  readonly dontFragment?: boolean;
}

export interface UdpHandler {
  /** What has arrived since the last call, oldest first. `data` is only lent: copy what must outlive the call. */
  onDatagrams(batch: readonly Datagram[]): void;
  /** The kernel handed this datagram to the device. Only after a send with `stamp`, and not for certain then. */
  onTransmitted?(stamp: TransmitStamp): void;
  /** An ICMP error came back for a datagram of this socket. */
  onUnreachable?(report: IcmpReport): void;
}

export interface Datagram {
  readonly data: Uint8Array;
  readonly from: Endpoint;
  /** The local address it was sent to, where known: the one to answer from on a host with several. */
  readonly to: IpAddress | null;
  /** On Clock.monotonicNs' scale. */
  readonly receivedAtNs: number;
  /** The TTL or hop limit it arrived with, where known. */
  readonly ttl: number | null;
  /** The DSCP (6 bits) it arrived with, where known. */
  readonly dscp: number | null;
}

export interface SendRequest {
  readonly data: Uint8Array;
  readonly to: Endpoint;
  /** Source address, on a socket bound to the unspecified address. @default the routing table's choice */
  readonly from?: IpAddress;
  /** @default the system's (64) */
  readonly ttl?: number;
  /** 0 to 63. @default 0 */
  readonly dscp?: number;
  /** Report the moment of transmission to onTransmitted. @default false */
  readonly stamp?: boolean;
}

export type SendOutcome =
  /** `id` names the datagram in TransmitStamp and IcmpReport; it counts up for each socket. */
  | { readonly sent: true; readonly id: number; readonly atNs: number }
  | { readonly sent: false; readonly reason: SendFailure };

export type SendFailure = 'buffer-full' | 'unreachable' | 'too-big' | 'not-permitted' | 'closed' | 'other';

export interface TransmitStamp {
  readonly id: number;
  /** On Clock.monotonicNs' scale. */
  readonly atNs: number;
}

export interface IcmpReport {
  /** Where the datagram that caused it was sent. */
  readonly to: Endpoint;
  /** Who sent the error. */
  readonly offender: IpAddress | null;
  readonly icmpType: number;
  readonly icmpCode: number;
  /** Next-hop MTU with "fragmentation needed", otherwise 0. */
  readonly mtu: number;
  readonly receivedAtNs: number;
  /** What was left of the error's own TTL, where known. */
  readonly ttl: number | null;
  /** The start of the payload of the datagram that caused it, as the error quotes it. Only lent. */
  readonly quoted: Uint8Array;
  /** The extension structure behind it (RFC 4884), for wire's decodeIcmpExtension; null where there is none. Only lent. */
  readonly extension: Uint8Array | null;
}

export interface UdpSocket {
  /** Where it is bound, with the port that was taken. */
  readonly local: Endpoint;
  send(request: SendRequest): SendOutcome;
  /** As send for each, in order, in as few system calls as there can be. */
  sendBatch(requests: readonly SendRequest[]): SendOutcome[];
  /** No handler is called after this returns. */
  close(): void;
}

// ---- TCP -----------------------------------------------------------------------------------------------------

export interface TcpConnector {
  readonly features: TcpFeatures;
  /** Never rejects: that a peer cannot be reached is an outcome. */
  connect(options: ConnectOptions): Promise<ConnectOutcome>;
  /** Rejects with SocketError. */
  listen(options: ListenOptions, onConnection: (connection: TcpConnection) => void): Promise<TcpListener>;
}

export interface TcpFeatures {
  /** onData's receivedAtNs is the kernel's stamp, not the moment the program was woken. */
  readonly receiveStamps: boolean;
  /** Writes asked for with `stamp` are followed by onTransmitted. */
  readonly transmitStamps: boolean;
  /** TcpConnection.info() knows. */
  readonly info: boolean;
  /** ttl, dscp and mss take effect, of a connection and of a write. */
  readonly packetOptions: boolean;
  /** ICMP errors reach ConnectOptions.onIcmp. */
  readonly connectErrors: boolean;
}

export interface TcpOptions {
  /** 0 to 63. @default 0 */
  readonly dscp?: number;
  /** The largest segment to send, and to tell the peer. @default the system's, by the MTU of the path */
  readonly mss?: number;
}

export interface ConnectOptions extends TcpOptions {
  readonly remote: Endpoint;
  /** @default any */
  readonly local?: Endpoint;
  /** SO_REUSEPORT, so that a listener and further connections may share the local port. @default false */
  readonly reusePort?: boolean;
  readonly timeoutMs: number;
  /** Idle time before the first TCP keep-alive and between them. @default none are sent */
  readonly keepAliveMs?: number;
  readonly signal?: AbortSignal;
  /** Of the SYN, and of everything up to the connection; from then on the system's. @default the system's (64) */
  readonly ttl?: number;
  /**
   * ICMP errors that the attempt meets. With it a TTL that was exceeded ends nothing, and the SYN is repeated; without, such
   * an attempt is `unreachable`.
   */
  readonly onIcmp?: (report: TcpIcmpReport) => void;
}

/** As of a datagram's; what it quotes is of the attempt that hears of it. */
export type TcpIcmpReport = Omit<IcmpReport, 'to' | 'quoted'>;

export type ConnectOutcome =
  | { readonly connected: true; readonly connection: TcpConnection }
  | { readonly connected: false; readonly reason: ConnectFailure; readonly detail: string };

export type ConnectFailure =
  | 'refused'
  | 'timeout'
  | 'unreachable'
  | 'address-in-use'
  | 'reset'
  | 'aborted'
  | 'other';

export interface ListenOptions extends TcpOptions {
  readonly local: Endpoint;
  readonly reusePort?: boolean;
  /** Connections beyond this are closed as they come. @default none */
  readonly maxConnections?: number;
  /** Leaves every SYN that comes to it without an answer: no connection, no RST. Linux and the simulator. @default false */
  readonly silent?: boolean;
}

export interface TcpListener {
  readonly local: Endpoint;
  /** Stops listening; open connections stay. */
  close(): void;
}

export interface TcpConnection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Takes effect at once; what came before it is delivered first. To be called once. */
  start(handler: TcpHandler): void;
  /**
   * Queues the octets (they are copied or not touched again by the caller).
   * @returns what names the write in TcpTransmitStamp; it counts up for each connection
   */
  write(data: Uint8Array, options?: WriteOptions): number;
  /** Octets queued and not yet taken by the kernel. */
  readonly bufferedBytes: number;
  /** From the next segment on. 0 to 63. */
  setDscp(dscp: number): void;
  /** What the kernel knows of the connection now; null where it cannot be had. */
  info(): TcpInfo | null;
  /** FIN after what is queued. */
  end(): void;
  /** RST: leaves no TIME_WAIT behind, so that the 4-tuple can be used again. onClose follows. */
  reset(): void;
}

export interface WriteOptions {
  /** Report the moment of transmission to onTransmitted. @default false */
  readonly stamp?: boolean;
  /**
   * These octets leave in a segment of their own with this TTL, as soon as everything before them has left. Should a
   * router drop it, the kernel repeats it with the usual TTL, so the stream stays whole. One segment's octets at most.
   * @default the system's
   */
  readonly ttl?: number;
}

export interface TcpHandler {
  /** The octets are the handler's own. `receivedAtNs`: when the last of them came in, on Clock.monotonicNs' scale. */
  onData(data: Uint8Array, receivedAtNs: number): void;
  /** The kernel handed the last octet of a write to the device. Only after a write with `stamp`, and not for certain then. */
  onTransmitted?(stamp: TcpTransmitStamp): void;
  /** Once, last: however the connection ended. */
  onClose(reason: TcpCloseReason): void;
}

export interface TcpTransmitStamp extends TransmitStamp {
  /** The segment's sequence number, by which an ICMP error names it; null unless the write had a `ttl`. */
  readonly sequence: number | null;
}

export type TcpCloseReason = 'ended' | 'ended-by-peer' | 'reset' | 'timeout' | 'other';

/** TCP_INFO (tcp(7)). */
export interface TcpInfo {
  /** Segments sent again, since the connection was made. */
  readonly retransmissions: number;
  /** Smoothed, and its mean deviation (RFC 6298). */
  readonly roundTripNs: number;
  readonly roundTripVariationNs: number;
  /** Null before the first one. */
  readonly leastRoundTripNs: number | null;
  /** Octets of a segment at present. */
  readonly mss: number;
  /** Octets of a packet on the path, as far as the kernel knows; null where it does not. */
  readonly pathMtu: number | null;
  /** Octets that the peer has acknowledged. */
  readonly acknowledgedBytes: number;
}

// ---- ICMP ----------------------------------------------------------------------------------------------------

/** The ICMP errors that come to this host, whichever of its packets they are about. */
export interface IcmpOpener {
  /** Whether open() can succeed: it takes CAP_NET_RAW. */
  available(): boolean;
  /** Rejects with SocketError: not-permitted, not-supported. */
  open(handler: IcmpHandler): Promise<IcmpSocket>;
}

export interface IcmpHandler {
  onError(report: RawIcmpReport): void;
}

export interface RawIcmpReport {
  /** Who sent it. */
  readonly from: IpAddress;
  /** What was left of its own TTL. */
  readonly ttl: number | null;
  /** On Clock.monotonicNs' scale. */
  readonly receivedAtNs: number;
  readonly error: IcmpError;
}

export interface IcmpSocket {
  /** No handler is called after this returns. */
  close(): void;
}

// ---- errors --------------------------------------------------------------------------------------------------

export type SocketErrorCode =
  | 'address-in-use'
  | 'address-not-available'
  | 'not-permitted'
  | 'too-many-files'
  /** This system has no such thing. */
  | 'not-supported'
  | 'other';

/** A socket that could not be opened at all. `message` names the endpoint and the system's reason. */
export class SocketError extends Error {
  override readonly name = 'SocketError';
  readonly code: SocketErrorCode;
  constructor(code: SocketErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
