import type { Agent, RegistrationState } from '@pinhole/contract';
import { Fact, Facts, Status, type Tone } from '../ui/index.ts';

const states: Record<RegistrationState['status'], { tone: Tone; word: string }> = {
  off: { tone: 'neutral', word: 'Not yet begun' },
  connecting: { tone: 'accent', word: 'Connecting' },
  registered: { tone: 'good', word: 'Registered' },
  failed: { tone: 'bad', word: 'Not registered' },
};

/** How the agent stands with the NAT traversal server. */
export function RegistrationFacts({ agent: { registration, agentState } }: { agent: Agent }) {
  const { tone, word } = states[registration?.status ?? 'off'];
  return (
    <section aria-labelledby="nat-registration">
      <h3 id="nat-registration" className="mb-1 font-semibold">
        NAT traversal server
      </h3>
      <Facts>
        <Fact name="Registration">
          <Status tone={tone}>
            {word}
            {agentState !== 'online' && registration !== undefined && ' when it was last heard of'}
          </Status>
          {registration?.detail != null && <p className="text-muted">{registration.detail}</p>}
        </Fact>
        <Fact name="Public endpoint, TCP">{endpoint(registration?.tcp)}</Fact>
        <Fact name="Public endpoint, UDP">{endpoint(registration?.udp)}</Fact>
      </Facts>
    </section>
  );
}

function endpoint(value: RegistrationState['tcp'] | undefined) {
  if (value == null) return <span className="text-muted">None</span>;
  const address = value.address.includes(':') ? `[${value.address}]` : value.address;
  return <span className="font-mono text-sm">{`${address}:${value.port}`}</span>;
}
