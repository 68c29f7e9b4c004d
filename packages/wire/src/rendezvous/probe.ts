// What an agent may have the NAT traversal server send to it, to find out what its own NAT does with it. A probe goes to
// where its request came from and nowhere else: over TCP the handshake has proved that place, over UDP the nonce has.

/** On the wire, the place in this list, from 1 on. */
export const probeKinds = [
  /** Asks for nothing to be sent, but where the endpoint is that leaves every SYN without an answer. */
  'silent-endpoint',
  /** A SYN from a port that has had nothing to do with the agent. Over TCP. */
  'unsolicited-syn',
  /** A datagram from a port that has had nothing to do with the agent, and that answers Binding for some seconds. Over UDP. */
  'unsolicited-datagram',
  /** A SYN from the silent endpoint, which the agent has just sent its own SYN to. Over TCP. */
  'simultaneous-open',
] as const;
export type ProbeKind = (typeof probeKinds)[number];

/** On the wire, the place in this list, from 1 on. */
export const probeResults = [
  /** There is a silent endpoint. */
  'available',
  /** This server cannot do it. */
  'not-available',
  /** The datagram has left. */
  'sent',
  /** The SYN led to a connection. */
  'connected',
  /** The SYN was answered with RST, or with an ICMP error that looks the same to a program (port unreachable). */
  'refused',
  /** The SYN was answered with another ICMP error. */
  'unreachable',
  /** Nothing came back. */
  'silence',
] as const;
export type ProbeResult = (typeof probeResults)[number];
