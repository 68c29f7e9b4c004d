// A target that is ticked as behind a NAT: whether NAT traversal can work, by what the checks have found. Pure.

import { errorSentence, type Party, type Protocol } from '@pinhole/contract';
import { openProfile, pairingOf, profileOf, unknownProfile } from '@pinhole/nat';
import type { NatProfile } from '@pinhole/wire';
import { interfaceAddresses } from '../../agents/reach.ts';
import type { Judgement, PreflightAgent, PreflightTest, Reason } from './judgement.ts';

export function byTraversal(source: PreflightAgent, target: PreflightAgent, test: PreflightTest): Judgement {
  const { protocol, hasServer } = test;
  if (!hasServer) {
    return {
      outcome: 'cannot-work',
      summary: `${target.agentName} is behind a NAT, and the collector knows no NAT traversal server.`,
      advice: ['Start the collector with a NAT traversal server, its own or another one (--traversal).'],
    };
  }
  const noServer = outOfReach(source, target, protocol);
  if (noServer !== null) return noServer;
  const pairing = pairingIn(source, target, protocol);
  const name = protocol.toUpperCase();
  if (pairing.hopeless) {
    const faulty = pairing.atFault === 'source' ? source : target;
    return {
      outcome: 'cannot-work',
      summary: `NAT traversal over ${name} cannot work between ${source.agentName} and ${target.agentName}.`,
      reasons: [
        ...[source, target].flatMap((each) => failedRequirement(each, protocol)),
        {
          agentId: faulty.agentId,
          sentence: `Rounds will end with: ${errorSentence('connection-failed', pairing.atFault)}.`,
        },
      ],
      advice: [
        ...[source, target].flatMap((each) => each.check?.verdict[protocol].advice ?? []),
        ...(protocol === 'tcp' && !pairingIn(source, target, 'udp').hopeless
          ? ['Or test over UDP: by what the checks have found, that works.']
          : []),
      ],
    };
  }
  const unknown = [source, target].filter((each) => each.behindNat && each.check === null);
  if (unknown.length > 0) {
    return {
      outcome: 'unknown',
      summary: 'NAT traversal will be used; whether it works is not known yet.',
      reasons: unknown.map(({ agentId, agentName }) => ({
        agentId,
        sentence: `The compatibility check of ${agentName} has not ended yet.`,
      })),
      advice: ['Wait for the check; it takes some seconds once the agent is online.'],
    };
  }
  return {
    outcome: 'traversal',
    summary: `NAT traversal will be used, and by what the checks have found it works over ${name}.`,
    reasons: [
      { agentId: target.agentId, sentence: `"Behind a NAT" is ticked for ${target.agentName}.` },
      ...[source, target].flatMap((each) => failedRequirement(each, protocol)),
      ...(pairing.method === 'punched' ? [] : [{ agentId: null, sentence: searchSentences[pairing.method] }]),
    ],
  };
}

const searchSentences = {
  predicted: 'A symmetric NAT is in the way; the port that it will give next is predicted.',
  searched:
    'A symmetric NAT is in the way; the ports it gives are searched, which takes some seconds in the first round.',
} as const;

/** Requirements 1 and 3: where an agent has no lasting contact with the server, nothing can be agreed upon. */
function outOfReach(source: PreflightAgent, target: PreflightAgent, protocol: Protocol): Judgement | null {
  for (const [party, agent] of [
    ['target', target],
    ['source', source],
  ] as const) {
    const verdict = agent.check?.verdict[protocol];
    const failed = verdict?.failedRequirement ?? null;
    if (agent.behindNat && (failed === 1 || failed === 3))
      return cannotNegotiate(agent, party, failedRequirement(agent, protocol), verdict?.advice ?? null);
    const { registration } = agent;
    if (agent.behindNat && agent.state === 'online' && registration?.status === 'failed') {
      const detail = registration.detail === null ? '' : ` (${registration.detail})`;
      const sentence = `${agent.agentName} is not registered with the NAT traversal server${detail}.`;
      return cannotNegotiate(agent, party, [{ agentId: agent.agentId, sentence }], null);
    }
  }
  return null;
}

function cannotNegotiate(
  { agentId, agentName }: PreflightAgent,
  party: Party,
  reasons: readonly Reason[],
  advice: string | null,
): Judgement {
  return {
    outcome: 'cannot-work',
    summary: `NAT traversal cannot be negotiated with ${agentName}.`,
    reasons: [
      ...reasons,
      { agentId, sentence: `Rounds will end with: ${errorSentence('nat-negotiation-failed', party)}.` },
    ],
    advice: [
      advice ??
        'Allow outbound TCP and UDP to ports 9119 and 9120 of the NAT traversal server, and let the answers in.',
    ],
  };
}

const requirements = {
  1: 'the agent can contact the NAT traversal server',
  2: 'the NAT is not symmetric',
  3: 'firewall and NAT honor TCP keep-alives',
  4: 'firewall and NAT support TCP simultaneous open',
} as const;

function failedRequirement({ agentId, agentName, check }: PreflightAgent, protocol: Protocol): Reason[] {
  const failed = check?.verdict[protocol].failedRequirement ?? null;
  if (failed === null) return [];
  return [
    {
      agentId,
      sentence: `By its compatibility check ${agentName} does not meet requirement ${failed} over ${protocol.toUpperCase()}, "${requirements[failed]}".`,
    },
  ];
}

function pairingIn(source: PreflightAgent, target: PreflightAgent, protocol: Protocol) {
  const side = (agent: PreflightAgent) => ({
    profile: profileIn(agent, protocol),
    port: agent.registration?.[protocol]?.port ?? agent.facts.port,
  });
  return pairingOf(side(source), side(target), protocol);
}

/** As the agent itself will tell the server. */
function profileIn(agent: PreflightAgent, protocol: Protocol): NatProfile {
  if (agent.check !== null) return profileOf(agent.check.report as Parameters<typeof profileOf>[0], protocol);
  const own = interfaceAddresses(agent.facts);
  const isPublic = agent.observedAddress !== null && own.includes(agent.observedAddress);
  return isPublic && !agent.behindNat ? openProfile : unknownProfile;
}
