import type { Agent } from '@pinhole/contract';
import { Checkbox, Fact, Facts, Notice, Status } from '../ui/index.ts';
import { RegistrationFacts } from './registration.tsx';
import { NatReportTable, RecentLabels } from './report-table.tsx';
import { useAgentChange } from './use-agent-change.ts';
import { ProtocolVerdictView, Verdict } from './verdict.tsx';

export function AdvancedTab({ agent, mayWrite }: { agent: Agent; mayWrite: boolean }) {
  const save = useAgentChange(agent.agentId);
  const { natTraversal } = agent;
  const behindNat = save.isPending ? (save.variables.behindNat ?? agent.behindNat) : agent.behindNat;
  return (
    <div className="flex flex-col gap-6">
      <section aria-labelledby="nat-traversal" className="flex flex-col gap-3">
        <h3 id="nat-traversal" className="font-semibold">
          NAT traversal
        </h3>
        {mayWrite ? (
          <Checkbox
            label="Behind a NAT"
            hint="For an agent that others cannot reach, because of a NAT or a firewall that lets nobody in. It counts for all Agent to Agent tests of this agent."
            checked={behindNat}
            onChange={(next) => save.mutate({ behindNat: next })}
          />
        ) : (
          <Facts>
            <Fact name="Behind a NAT">{behindNat ? 'Yes' : 'No'}</Fact>
          </Facts>
        )}
        {save.error !== null && (
          <div role="alert">
            <Notice tone="bad" title="Not saved">
              {save.error.message}
            </Notice>
          </div>
        )}
        {/* It comes by itself, so it is told by itself. */}
        <div role="status" aria-live="polite">
          <Verdict agent={agent} />
        </div>
      </section>
      {agent.behindNat && <RegistrationFacts agent={agent} />}
      {natTraversal.udp !== undefined && natTraversal.tcp !== undefined && (
        <section aria-labelledby="nat-requirements" className="flex flex-col gap-4">
          <h3 id="nat-requirements" className="font-semibold">
            Requirements
          </h3>
          <ProtocolVerdictView protocol="udp" verdict={natTraversal.udp} />
          <ProtocolVerdictView protocol="tcp" verdict={natTraversal.tcp} />
        </section>
      )}
      {natTraversal.report !== undefined && (
        <section aria-labelledby="nat-report" className="flex flex-col gap-3">
          <h3 id="nat-report" className="font-semibold">
            What the check has found
          </h3>
          <NatReportTable report={natTraversal.report} />
        </section>
      )}
      {natTraversal.recent !== undefined && <RecentLabels recent={natTraversal.recent} />}
      {!agent.behindNat && (
        <p className="text-muted">
          The compatibility check begins when the box is ticked.{' '}
          <Status tone="neutral" icon="info">
            Tick it when a test fails because an agent cannot reach this one.
          </Status>
        </p>
      )}
    </div>
  );
}
