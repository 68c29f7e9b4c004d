// The catalogue of what can go wrong with a round or an agent, in words a network engineer can act on.
// docs/errors.md says the same at more length. Codes are stable; sentences with {party} name the side.

export type Party = 'source' | 'target';

export interface CatalogueEntry {
  /** What the user reads; `{party}` stands for source or target. */
  readonly sentence: string;
  readonly causes: readonly string[];
  readonly advice: string;
}

export const errorCatalogue = {
  'nat-negotiation-failed': {
    sentence: 'Failed to negotiate NAT traversal with {party} agent',
    causes: [
      'The agent cannot reach the NAT traversal server on TCP ports 9119 and 9120 (and on UDP for UDP tests).',
      'A firewall or NAT device cut the long-lived TCP connection between the agent and the server.',
      'The NAT traversal server is not running.',
      "The clock of the server is more than a day ahead of the collector's, so that credentials count as expired.",
    ],
    advice:
      'Allow outbound TCP and UDP to ports 9119 and 9120 of the NAT traversal server, and idle TCP connections of any age.',
  },
  'connection-failed': {
    sentence: 'Connection to {party} agent failed',
    causes: [
      'The NAT of one side is symmetric: it maps each destination to another public port.',
      'A firewall drops what comes from the peer although the agent sends to it.',
      'Over TCP: a NAT or firewall lets no SYN in, though one has just gone out to where it comes from.',
    ],
    advice:
      'Give the agent an endpoint-independent ("full cone" or "port restricted") NAT rule for its test port.',
  },
  'agent-unreachable': {
    sentence: 'Cannot reach the {party} agent: NAT traversal is likely to be required',
    causes: [
      'The agent is behind a NAT or a firewall that lets nobody in.',
      'The agent is not running, or its test port is blocked on the way.',
      'It does not know this test yet: it has not heard from its collector since the test was made.',
    ],
    advice:
      'NAT traversal is likely to be required: tick "Behind a NAT" for this agent, or allow inbound traffic to its test port.',
  },
  'agent-address-unknown': {
    sentence: 'The {party} agent has no address that others could send to',
    causes: [
      'It has not reported its interfaces yet, or has none but loopback, and has not been heard of from any other address.',
    ],
    advice: 'Check that the agent is online, or set targetForTests to the address that reaches it.',
  },
  'session-refused': {
    sentence: 'The {party} agent refused the session',
    causes: ['It does not know this test yet.', 'It is busy with as many sessions as it takes at once.'],
    advice: "Wait for the next round. If it happens again, look into that agent's log.",
  },
  'session-lost': {
    sentence: 'The connection to the {party} agent was lost during the round',
    causes: ['The path broke, or the agent stopped, after the session had begun.'],
    advice: 'Look at the rounds around this one; a single lost session is an outage of the path.',
  },
  'agent-fault': {
    sentence: 'The {party} agent could not run the round',
    causes: ['A fault of the program: its log has the details.'],
    advice: "Look into that agent's log; it names the reason.",
  },
  'nat-traversal-not-supported': {
    sentence: 'NAT Issues: NAT traversal not supported',
    causes: ['The compatibility check found that the NAT or firewall fails a requirement of NAT traversal.'],
    advice: "See which requirement failed in the agent's settings.",
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/** The codes that a round can end with. */
export const roundErrorCodes = [
  'nat-negotiation-failed',
  'connection-failed',
  'agent-unreachable',
  'agent-address-unknown',
  'session-refused',
  'session-lost',
  'agent-fault',
] as const satisfies readonly ErrorCode[];

export type RoundErrorCode = (typeof roundErrorCodes)[number];

/** The catalogue's sentence with the side put in. */
export function errorSentence(code: ErrorCode, party: Party): string {
  return errorCatalogue[code].sentence.replace('{party}', party);
}
