// What is said beside the node or link that is pointed at.

import { milliseconds, percent } from '../views/format.ts';
import { isLossy, isSlow, lossOf, type PathThresholds, roundTripWords, translates } from './facts.ts';
import type { PathLayout } from './layout.ts';

export interface TipAt {
  /** Of a node or a link. */
  readonly key: string;
  readonly x: number;
  readonly y: number;
}

const tipWidth = 280;

export function Tip({
  at,
  width,
  layout,
  thresholds,
  nameOf,
}: {
  at: TipAt;
  width: number;
  layout: PathLayout;
  thresholds: PathThresholds;
  nameOf: (agentId: string) => string;
}) {
  const lines = nodeLines(at.key, layout, thresholds, nameOf) ?? linkLines(at.key, layout, thresholds);
  if (lines === null) return null;
  const [title, ...more] = lines;
  return (
    <div
      role="tooltip"
      className="pointer-events-none absolute z-10 w-max rounded-md border border-line bg-raised px-2.5 py-1.5 text-sm shadow-raised"
      style={{ left: Math.max(4, Math.min(at.x + 14, width - tipWidth)), top: at.y + 16, maxWidth: tipWidth }}
    >
      <div className="font-medium break-all">{title}</div>
      {more.map((line) => (
        <div key={line} className="text-muted">
          {line}
        </div>
      ))}
    </div>
  );
}

function nodeLines(
  key: string,
  layout: PathLayout,
  thresholds: PathThresholds,
  nameOf: (agentId: string) => string,
): string[] | null {
  const placed = layout.nodes.find((each) => each.key === key);
  if (placed === undefined) return null;
  const { node, lane } = placed;
  const [only] = node.members.length === 1 ? node.members : [];
  const loss = lossOf(node);
  return [
    node.label,
    ...[only?.name, only?.network, only?.location].filter((each) => each !== undefined),
    ...(node.members.length > 1 ? [`${node.members.length} interfaces`] : []),
    ...(lane === null ? [] : [`Hop ${node.column}`]),
    ...(loss === null
      ? []
      : [`Loss ${percent(loss)}${isLossy(node, thresholds) ? ', over the threshold' : ''}`]),
    ...(only === undefined ? [] : roundTripWords(only, nameOf)),
    ...(translates(node) ? ['Translates addresses (NAT)'] : []),
    `${node.traces} ${node.traces === 1 ? 'trace' : 'traces'}`,
    ...(node.kind === 'run' ? ['Enter or a click shows them'] : []),
  ];
}

function linkLines(key: string, layout: PathLayout, thresholds: PathThresholds): string[] | null {
  const placed = layout.links.find((each) => each.key === key);
  if (placed === undefined) return null;
  const { link, fromKey, toKey } = placed;
  const labelOf = (nodeKey: string) => layout.nodes.find((each) => each.key === nodeKey)?.node.label ?? '';
  return [
    `${labelOf(fromKey)} → ${labelOf(toKey)}`,
    `Delay ${milliseconds(link.delayMs)}${isSlow(link, thresholds) ? ', over the threshold' : ''}`,
    `${link.traces} ${link.traces === 1 ? 'trace' : 'traces'}`,
  ];
}
