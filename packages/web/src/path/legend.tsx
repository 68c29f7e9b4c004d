// What the marks of the drawing mean.

import type { ReactNode } from 'react';
import { milliseconds, percent } from '../views/format.ts';
import type { PathThresholds } from './facts.ts';

export function Legend({ thresholds }: { thresholds: PathThresholds }) {
  return (
    <ul aria-label="Legend" className="flex flex-wrap gap-x-5 gap-y-1 px-4 pb-3 text-sm text-muted">
      <Entry mark={<circle className="path-dot" cx="14" cy="9" r="6" />}>hop</Entry>
      <Entry
        mark={
          <g className="path-node" data-private="">
            <circle className="path-dot" cx="14" cy="9" r="6" />
          </g>
        }
      >
        private hop
      </Entry>
      <Entry
        mark={
          <g className="path-node" data-kind="silent">
            <circle className="path-dot" cx="14" cy="9" r="6" />
          </g>
        }
      >
        no reply
      </Entry>
      <Entry
        mark={
          <>
            <circle className="path-dot" cx="14" cy="9" r="4.5" />
            <circle className="path-ring" cx="14" cy="9" r="7.5" />
          </>
        }
      >
        loss over {percent(thresholds.hopLoss)}
      </Entry>
      <Entry mark={<path className="path-link" data-slow="" d="M1 9h26" strokeWidth="2.5" />}>
        delay over {milliseconds(thresholds.linkDelayMs)}
      </Entry>
      <Entry
        mark={
          <>
            <path className="path-link" d="M1 5h26" strokeWidth="1.5" />
            <path className="path-link" d="M1 12h26" strokeWidth="5" />
          </>
        }
      >
        few and many traces
      </Entry>
      <Entry
        mark={
          <>
            <rect className="path-mark" x="2" y="2.5" width="24" height="13" rx="3" />
            <text className="path-mark-text" x="14" y="12">
              NAT
            </text>
          </>
        }
      >
        translates addresses
      </Entry>
      <Entry mark={<path className="path-stop" d="m10 5 8 8m0-8-8 8" />}>traces stop before</Entry>
      <AgentEntry health="good" letter="m-3.5 .5 2.4 2.4 4.6 -5">
        agent, good
      </AgentEntry>
      <AgentEntry health="warn" letter="M0 -4.2V.8M0 3.6v.1">
        doubtful
      </AgentEntry>
      <AgentEntry health="bad" letter="m-3 -3 6 6m0 -6 -6 6">
        bad
      </AgentEntry>
    </ul>
  );
}

function AgentEntry({ health, letter, children }: { health: string; letter: string; children: ReactNode }) {
  return (
    <Entry
      mark={
        <g className="path-agent" data-health={health} transform="translate(14 9)">
          <circle className="path-dot" r="8" />
          <path className="path-agent-letter" d={letter} />
        </g>
      }
    >
      {children}
    </Entry>
  );
}

function Entry({ mark, children }: { mark: ReactNode; children: ReactNode }) {
  return (
    <li className="inline-flex items-center gap-1.5">
      <svg width="28" height="18" viewBox="0 0 28 18" aria-hidden="true">
        {mark}
      </svg>
      <span>{children}</span>
    </li>
  );
}
