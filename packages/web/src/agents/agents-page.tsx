import type { Agent } from '@pinhole/contract';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { agentsQuery } from '../api/agents.ts';
import { ReadOnlyNotice, useMayWrite } from '../app/access.tsx';
import { counted } from '../app/time.ts';
import { useTitle } from '../app/title.ts';
import {
  Button,
  EmptyState,
  ErrorState,
  Loading,
  PageHeader,
  Panel,
  SearchInput,
  Select,
} from '../ui/index.ts';
import { AddAgentDialog } from './add-agent-dialog.tsx';
import { AgentDrawer } from './agent-drawer.tsx';
import { AgentsTable } from './agents-table.tsx';
import { shownAgents } from './list.ts';
import { agentProblems } from './problems.ts';
import type { AgentsSearch } from './search.ts';

export function AgentsPage() {
  const search: AgentsSearch = useSearch({ strict: false });
  const { agentId } = useParams({ strict: false });
  const navigate = useNavigate();
  const agents = useQuery(agentsQuery);
  const mayWrite = useMayWrite();
  useTitle('Enterprise Agents');

  const change = (next: AgentsSearch) =>
    void navigate({ to: '.', search: { ...search, ...next }, replace: true, resetScroll: false });

  return (
    <>
      <PageHeader
        title="Enterprise Agents"
        description="The machines that measure. Each is where an Agent to Agent test begins or ends."
        actions={
          mayWrite && (
            <Button variant="primary" icon="plus" onClick={() => change({ add: true })}>
              Add an agent
            </Button>
          )
        }
      />
      {!mayWrite && (
        <div className="mb-4">
          <ReadOnlyNotice what="add or change agents" />
        </div>
      )}
      <Panel>
        <Content
          agents={agents.data}
          error={agents.error}
          retry={() => void agents.refetch()}
          search={search}
          change={change}
          selectedId={agentId}
          mayWrite={mayWrite}
        />
      </Panel>
      {agentId !== undefined && (
        <AgentDrawer
          key={agentId}
          agentId={agentId}
          tab={search.tab ?? 'general'}
          onTab={(tab) => change({ tab })}
          onClose={() =>
            void navigate({ to: '/agents', search: { ...search, tab: undefined }, resetScroll: false })
          }
        />
      )}
      {search.add && mayWrite && <AddAgentDialog onClose={() => change({ add: undefined })} />}
    </>
  );
}

interface ContentProps {
  agents: readonly Agent[] | undefined;
  error: Error | null;
  retry: () => void;
  search: AgentsSearch;
  change: (next: AgentsSearch) => void;
  selectedId: string | undefined;
  mayWrite: boolean;
}

function Content({ agents, error, retry, search, change, selectedId, mayWrite }: ContentProps) {
  if (agents === undefined)
    return error === null ? <Loading what="Loading agents" /> : <ErrorState error={error} onRetry={retry} />;
  if (agents.length === 0) {
    return (
      <EmptyState
        icon="agent"
        title="No agent yet"
        action={
          mayWrite && (
            <Button variant="primary" icon="plus" onClick={() => change({ add: true })}>
              Add an agent
            </Button>
          )
        }
      >
        An agent is one command on a machine of yours. Two of them make a test.
      </EmptyState>
    );
  }
  const shown = shownAgents(agents, search);
  const withProblems = agents.filter((agent) => agentProblems(agent).length > 0).length;
  return (
    <>
      <div className="flex flex-wrap items-center gap-2 border-b border-line p-3">
        <SearchInput
          aria-label="Find by name, host or address"
          placeholder="Name, host or address"
          className="w-64 max-w-full"
          value={search.q ?? ''}
          onChange={(q) => change({ q })}
        />
        <Select
          aria-label="Show agents by problem"
          value={search.problem ?? 'all'}
          className="w-60"
          options={[
            { value: 'all', label: 'All agents' },
            { value: 'any', label: 'With a problem' },
            { value: 'nat', label: 'NAT traversal not supported' },
            { value: 'registration', label: 'Not registered' },
            { value: 'offline', label: 'Offline' },
            { value: 'disabled', label: 'Disabled' },
          ]}
          onChange={(problem) => change({ problem: problem === 'all' ? undefined : problem })}
        />
        <p role="status" className="ml-auto text-sm text-muted">
          {shown.length === agents.length
            ? counted(agents.length, 'agent')
            : `${shown.length} of ${counted(agents.length, 'agent')}`}
          {withProblems > 0 && `, ${withProblems} with a problem`}
        </p>
      </div>
      {shown.length === 0 ? (
        <EmptyState
          icon="search"
          title="No agent is like this"
          action={
            <Button onClick={() => change({ q: undefined, problem: undefined })}>Show all agents</Button>
          }
        >
          Nothing matches what is searched for.
        </EmptyState>
      ) : (
        <AgentsTable
          agents={shown}
          selectedId={selectedId}
          search={search}
          onSort={({ key, descending }) => change({ sort: key, desc: descending })}
        />
      )}
    </>
  );
}
