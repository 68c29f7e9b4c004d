// One node of the drawing, memoised: of hundreds, only those that change are drawn anew.

import type { OneDirection } from '@pinhole/contract';
import { memo, type ReactNode } from 'react';
import { type Health, healthWords } from '../views/health.ts';
import { isLossy, isPrivateNode, nodeWords, type PathThresholds, shortLabel, translates } from './facts.ts';
import type { LaneNode } from './lanes.ts';

interface NodeProps {
  nodeKey: string;
  node: LaneNode;
  lane: OneDirection | null;
  x: number;
  y: number;
  thresholds: PathThresholds;
  isSelected: boolean;
  isFound: boolean;
  /** Whether the Tab key comes to it. */
  isEntry: boolean;
}

export const HopNode = memo(function HopNode(props: NodeProps) {
  const { nodeKey, node, lane, x, y, thresholds, isSelected, isFound, isEntry } = props;
  const isMany = node.kind === 'group' || node.kind === 'run';
  const radius = isMany ? 11 : 8;
  return (
    <g
      className="path-node"
      data-key={nodeKey}
      data-kind={node.kind}
      data-private={isPrivateNode(node) || undefined}
      data-found={isFound || undefined}
      transform={`translate(${x} ${y})`}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a button cannot stand in a drawing */}
      <g
        role="button"
        className="path-button"
        aria-pressed={isSelected}
        aria-label={nodeWords(node, lane, thresholds)}
        tabIndex={isEntry ? 0 : -1}
      >
        {(isSelected || isFound) && <circle className="path-halo" r={radius + 8} />}
        {isLossy(node, thresholds) && <circle className="path-ring" r={radius + 4} />}
        <circle className="path-dot" r={radius} />
        {node.endings.length > 0 && <path className="path-stop" d={`m${-radius - 12} -4 8 8m0 -8 -8 8`} />}
      </g>
      <Texts>
        {isMany && (
          <text className="path-count" y={3.5}>
            {node.members.length}
          </text>
        )}
        {translates(node) && (
          <g transform={`translate(${radius + 8} ${-radius - 4})`}>
            <rect className="path-mark" x={-12} y={-6.5} width={24} height={13} rx={3} />
            <text className="path-mark-text" y={3}>
              NAT
            </text>
          </g>
        )}
        <text className="path-label" y={radius + 14}>
          {shortLabel(node.label)}
        </text>
      </Texts>
    </g>
  );
});

const letters: Record<Health, string> = {
  good: 'm-4.5 .5 3 3 6 -6.5',
  warn: 'M0 -5.5V1M0 4.8v.1',
  bad: 'm-4 -4 8 8m0 -8 -8 8',
  unknown: 'M-4 0H4',
};

export const AgentNode = memo(function AgentNode({
  nodeKey,
  node,
  x,
  y,
  thresholds,
  isSelected,
  isFound,
  isEntry,
  health,
  behindNat,
}: Omit<NodeProps, 'lane'> & { health: Health; behindNat: boolean }) {
  return (
    <g
      className="path-node path-agent"
      data-key={nodeKey}
      data-kind="agent"
      data-health={health}
      data-found={isFound || undefined}
      transform={`translate(${x} ${y})`}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a button cannot stand in a drawing */}
      <g
        role="button"
        className="path-button"
        aria-pressed={isSelected}
        aria-label={`Agent ${nodeWords(node, null, thresholds)}, ${healthWords[health]}${behindNat ? ', behind a NAT' : ''}`}
        tabIndex={isEntry ? 0 : -1}
      >
        {(isSelected || isFound) && <circle className="path-halo" r={24} />}
        <circle className="path-agent-ring" r={17} />
        <circle className="path-dot" r={13} />
        <path className="path-agent-letter" d={letters[health]} />
      </g>
      <Texts>
        <text className="path-label" y={34}>
          {shortLabel(node.label)}
        </text>
        {behindNat && (
          <text className="path-label path-label-more" y={48}>
            behind a NAT
          </text>
        )}
      </Texts>
    </g>
  );
});

/** Beside the button: its name says all of this in full, and what is shortened would contradict it. */
function Texts({ children }: { children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: without a tabindex it never has the focus
    <g aria-hidden="true" className="path-texts">
      {children}
    </g>
  );
}
