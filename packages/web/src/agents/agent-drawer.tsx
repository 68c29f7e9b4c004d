import type { Agent } from '@pinhole/contract';
import { useQuery } from '@tanstack/react-query';
import { agentQuery } from '../api/agents.ts';
import { ApiError } from '../api/errors.ts';
import { ReadOnlyNotice, useMayWrite } from '../app/access.tsx';
import { Button, Drawer, ErrorState, Icon, Loading, Tabs } from '../ui/index.ts';
import { AdvancedTab } from './advanced-tab.tsx';
import { AgentStateStatus } from './agent-status.tsx';
import { GeneralTab } from './general-tab.tsx';
import type { AgentsSearch } from './search.ts';

type Tab = NonNullable<AgentsSearch['tab']>;

interface AgentDrawerProps {
  agentId: string;
  tab: Tab;
  onTab: (tab: Tab) => void;
  onClose: () => void;
}

export function AgentDrawer({ agentId, tab, onTab, onClose }: AgentDrawerProps) {
  const agent = useQuery(agentQuery(agentId));
  return (
    <Drawer
      onClose={onClose}
      title={agent.data?.agentName ?? 'Agent'}
      status={agent.data !== undefined && <AgentStateStatus state={agent.data.agentState} />}
    >
      {agent.data !== undefined ? (
        <Settings agent={agent.data} tab={tab} onTab={onTab} onDeleted={onClose} />
      ) : agent.error === null ? (
        <Loading what="Loading the agent" />
      ) : agent.error instanceof ApiError && agent.error.code === 'not-found' ? (
        <ErrorState
          title="This agent is not there any more"
          error="It was deleted, or the link is of another collector."
          action={<Button onClick={onClose}>Show all agents</Button>}
        />
      ) : (
        <ErrorState error={agent.error} onRetry={() => void agent.refetch()} />
      )}
    </Drawer>
  );
}

function Settings({
  agent,
  tab,
  onTab,
  onDeleted,
}: {
  agent: Agent;
  tab: Tab;
  onTab: (tab: Tab) => void;
  onDeleted: () => void;
}) {
  const mayWrite = useMayWrite();
  const hasNatProblem = agent.natTraversal.status === 'not-supported';
  return (
    <>
      {!mayWrite && (
        <div className="px-5 pt-4">
          <ReadOnlyNotice what="change this agent" />
        </div>
      )}
      <Tabs
        label="Settings of the agent"
        value={tab}
        onChange={onTab}
        tabs={[
          {
            value: 'general',
            label: 'General',
            content: <GeneralTab agent={agent} mayWrite={mayWrite} onDeleted={onDeleted} />,
          },
          {
            value: 'advanced',
            label: (
              <>
                Advanced Settings
                {hasNatProblem && (
                  <span className="inline-flex text-bad">
                    <Icon name="warning" />
                    <span className="sr-only">: there is a problem</span>
                  </span>
                )}
              </>
            ),
            content: <AdvancedTab agent={agent} mayWrite={mayWrite} />,
          },
        ]}
      />
    </>
  );
}
