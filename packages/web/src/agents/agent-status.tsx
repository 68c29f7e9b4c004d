import type { Agent, AgentState } from '@pinhole/contract';
import { Status } from '../ui/status.tsx';

export function AgentStateStatus({ state }: { state: AgentState }) {
  switch (state) {
    case 'online':
      return <Status tone="good">Online</Status>;
    case 'offline':
      return (
        <Status tone="warn" icon="waiting">
          Offline
        </Status>
      );
    case 'disabled':
      return (
        <Status tone="neutral" icon="off">
          Disabled
        </Status>
      );
  }
}

/** Whether it is ticked, and what the check has found. */
export function NatStatus({ agent: { natTraversal } }: { agent: Agent }) {
  switch (natTraversal.status) {
    case 'off':
      return <span className="text-muted">No</span>;
    case 'checking':
      return (
        <Status tone="accent" icon="waiting">
          Yes, checking
        </Status>
      );
    case 'supported':
      return <Status tone="good">Yes, supported</Status>;
    case 'not-supported':
      return (
        <Status tone="bad" icon="warning">
          Yes, not supported
        </Status>
      );
  }
}
