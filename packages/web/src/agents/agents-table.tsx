import type { Agent } from '@pinhole/contract';
import { Link } from '@tanstack/react-router';
import { useNow } from '../app/clock.ts';
import { dateAndTime, relativeTime } from '../app/time.ts';
import { type Column, DataTable, type Sort, Status } from '../ui/index.ts';
import { AgentStateStatus, NatStatus } from './agent-status.tsx';
import type { AgentSortKey } from './list.ts';
import { agentProblems } from './problems.ts';
import type { AgentsSearch } from './search.ts';

interface AgentsTableProps {
  agents: readonly Agent[];
  selectedId: string | undefined;
  search: AgentsSearch;
  onSort: (sort: Sort<AgentSortKey>) => void;
}

export function AgentsTable({ agents, selectedId, search, onSort }: AgentsTableProps) {
  const nowMs = useNow(5000);
  const columns: Column<Agent, AgentSortKey>[] = [
    {
      id: 'name',
      header: 'Agent',
      sortKey: 'name',
      isRowHeader: true,
      cell: (agent) => (
        <Link
          to="/agents/$agentId"
          params={{ agentId: agent.agentId }}
          search={{ ...search, tab: undefined }}
          resetScroll={false}
          className="text-link font-medium"
        >
          {agent.agentName}
        </Link>
      ),
    },
    {
      id: 'state',
      header: 'State',
      sortKey: 'state',
      cell: ({ agentState }) => <AgentStateStatus state={agentState} />,
    },
    {
      id: 'problems',
      header: 'Problems',
      className: 'min-w-44 max-w-72',
      cell: (agent) => <Problems agent={agent} search={search} />,
    },
    { id: 'nat', header: 'Behind a NAT', sortKey: 'nat', cell: (agent) => <NatStatus agent={agent} /> },
    {
      id: 'address',
      header: 'Own addresses',
      sortKey: 'address',
      cell: ({ ipAddresses }) => <Addresses of={ipAddresses} />,
    },
    {
      id: 'public',
      header: 'Public address',
      cell: ({ publicIpAddresses }) => <Addresses of={publicIpAddresses} />,
    },
    {
      id: 'contact',
      header: 'Last contact',
      sortKey: 'contact',
      className: 'whitespace-nowrap',
      cell: ({ lastSeen }) => (
        <time dateTime={lastSeen} title={dateAndTime(Date.parse(lastSeen))}>
          {relativeTime(Date.parse(lastSeen), nowMs)}
        </time>
      ),
    },
    { id: 'version', header: 'Version', sortKey: 'version', cell: ({ agentVersion }) => agentVersion },
    {
      id: 'tests',
      header: 'Tests',
      sortKey: 'tests',
      align: 'right',
      cell: ({ agentId, agentName, tests = [] }) =>
        tests.length === 0 ? (
          '0'
        ) : (
          <Link
            to="/tests"
            search={{ agent: agentId }}
            className="text-link"
            aria-label={`${tests.length}: show the tests of ${agentName}`}
          >
            {tests.length}
          </Link>
        ),
    },
  ];
  return (
    <DataTable
      caption="Enterprise Agents"
      columns={columns}
      rows={agents}
      rowKey={({ agentId }) => agentId}
      sort={{ key: search.sort ?? 'name', descending: search.desc ?? false }}
      onSort={onSort}
      isSelected={({ agentId }) => agentId === selectedId}
    />
  );
}

function Problems({ agent, search }: { agent: Agent; search: AgentsSearch }) {
  const problems = agentProblems(agent);
  if (problems.length === 0) return <span className="text-muted">None</span>;
  return (
    <ul className="flex flex-col gap-1">
      {problems.map(({ kind, tone, sentence }) => (
        <li key={kind}>
          <Status tone={tone} icon="warning">
            {kind === 'offline' ? (
              sentence
            ) : (
              <Link
                to="/agents/$agentId"
                params={{ agentId: agent.agentId }}
                search={{ ...search, tab: 'advanced' }}
                resetScroll={false}
                className="underline decoration-current/40 underline-offset-3 hover:decoration-current"
              >
                {sentence}
              </Link>
            )}
          </Status>
        </li>
      ))}
    </ul>
  );
}

function Addresses({ of }: { of: readonly string[] }) {
  if (of.length === 0) return <span className="text-muted">Not known</span>;
  const [first, ...others] = of;
  return (
    <span className="font-mono text-xs whitespace-nowrap" title={of.join(', ')}>
      {first}
      {others.length > 0 && <span className="font-sans text-muted"> and {others.length} more</span>}
    </span>
  );
}
