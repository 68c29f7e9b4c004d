// Each trace as traceroute prints it.

import type { OneDirection, RoundPath } from '@pinhole/contract';
import { CodeBlock } from '../ui/index.ts';
import { directionLabels } from '../views/format.ts';
import { endWords } from './facts.ts';

export function TraceTexts({
  path,
  directions,
  agentIds,
  nameOf,
}: {
  path: RoundPath;
  directions: readonly OneDirection[];
  agentIds: readonly string[] | undefined;
  nameOf: (agentId: string) => string;
}) {
  return (
    <div className="flex flex-col gap-5 p-4">
      {directions.map((direction) => {
        const traces = path.traces.filter(
          (trace) => trace.direction === direction && (agentIds?.includes(trace.sourceAgentId) ?? true),
        );
        return (
          <section key={direction} aria-label={`Traces, ${directionLabels[direction]}`}>
            <h3 className="mb-2 font-semibold">{directionLabels[direction]}</h3>
            {traces.length === 0 && <p className="text-muted">Nothing was traced in this direction.</p>}
            <div className="grid gap-4 xl:grid-cols-2">
              {traces.map((trace, i) => {
                const ends = [nameOf(trace.sourceAgentId), nameOf(trace.targetAgentId)];
                if (direction === 'from-target') ends.reverse();
                const nth = traces
                  .slice(0, i + 1)
                  .filter((each) => each.sourceAgentId === trace.sourceAgentId).length;
                return (
                  <CodeBlock
                    // biome-ignore lint/suspicious/noArrayIndexKey: traces have no name but their place
                    key={i}
                    label={`${ends.join(' → ')}, trace ${nth}: ${endWords[trace.end]}`}
                    text={trace.text}
                  />
                );
              })}
            </div>
          </section>
        );
      })}
    </div>
  );
}
