// All links of the drawing, memoised as a whole: nothing that is pointed at or selected changes them.

import { memo } from 'react';
import { linkPath, linkWidth, mostTraces } from './draw.ts';
import { isSlow, type PathThresholds } from './facts.ts';
import type { PathLayout } from './layout.ts';

/** With more than this many, lines are too near to each other for a wider one to point at. */
const mostHits = 500;

export const Links = memo(function Links({
  layout,
  thresholds,
}: {
  layout: PathLayout;
  thresholds: PathThresholds;
}) {
  const most = mostTraces(layout.links);
  const silent = new Set(layout.nodes.filter(({ node }) => node.kind === 'silent').map(({ key }) => key));
  const lines = layout.links.map(({ points }) => linkPath(points));
  return (
    <g className="path-links">
      {layout.links.map(({ key, fromKey, toKey, link }, i) => (
        <path
          key={key}
          className="path-link"
          data-link={key}
          data-slow={isSlow(link, thresholds) || undefined}
          data-unsure={silent.has(fromKey) || silent.has(toKey) || undefined}
          d={lines[i]}
          strokeWidth={linkWidth(link.traces, most)}
        />
      ))}
      {layout.links.length <= mostHits &&
        layout.links.map(({ key }, i) => (
          <path key={key} className="path-link-hit" data-link={key} d={lines[i]} />
        ))}
    </g>
  );
});
