// Everything that is drawn of a path, without what moves over it.

import type { OneDirection } from '@pinhole/contract';
import { memo } from 'react';
import type { Health } from '../views/health.ts';
import type { PathThresholds } from './facts.ts';
import type { PathLayout } from './layout.ts';
import { Links } from './links.tsx';
import { AgentNode, HopNode } from './node.tsx';

export interface DrawingProps {
  layout: PathLayout;
  thresholds: PathThresholds;
  /** By agent id. */
  health: ReadonlyMap<string, Health>;
  behindNat: ReadonlySet<string>;
  /** Ids and keys of nodes. */
  selected: ReadonlySet<string>;
  found: ReadonlySet<string>;
  entryKey: string | null;
  titles: ReadonlyMap<OneDirection, string>;
}

export const Drawing = memo(function Drawing(props: DrawingProps) {
  const { layout, thresholds, health, behindNat, selected, found, entryKey, titles } = props;
  return (
    <>
      {layout.lanes.map(({ lane: { direction }, top, bottom }) => {
        const isForth = direction === 'to-target';
        return (
          <text
            key={direction}
            className="path-lane-title"
            textAnchor={isForth ? 'start' : 'end'}
            x={isForth ? 24 : layout.width - 24}
            y={isForth ? top - 18 : bottom + 30}
          >
            {titles.get(direction)}
          </text>
        );
      })}
      <Links layout={layout} thresholds={thresholds} />
      {layout.nodes.map(({ key, lane, node, x, y }) => {
        const common = {
          nodeKey: key,
          node,
          x,
          y,
          thresholds,
          isSelected: selected.has(node.id),
          isFound: found.has(key),
          isEntry: key === entryKey,
        };
        const agentId = node.members[0]?.agentId ?? null;
        if (agentId === null) return <HopNode key={key} lane={lane} {...common} />;
        return (
          <AgentNode
            key={key}
            {...common}
            health={health.get(agentId) ?? 'unknown'}
            behindNat={behindNat.has(agentId)}
          />
        );
      })}
    </>
  );
});
