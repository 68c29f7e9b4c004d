import type { Agent } from '@pinhole/contract';
import { useId } from 'react';
import type { TestForm } from './form.ts';
import { directionWords, protocolWords } from './words.ts';

/** Who sends to whom: two ends, what is between them, and an arrow for each direction that is measured. */
export function DirectionDrawing({ form, agents }: { form: TestForm; agents: readonly Agent[] }) {
  const { direction, protocol, sourceIds, targetAgentId } = form;
  // Two drawings may be on the page, for narrow and for wide windows; a marker in the hidden one is not drawn.
  const id = useId();
  const named = new Map(agents.map((agent) => [agent.agentId, agent]));
  const sources = sourceIds.map((agentId) => named.get(agentId)).filter((agent) => agent !== undefined);
  const target = targetAgentId === null ? undefined : named.get(targetAgentId);
  const out = direction !== 'from-target';
  const back = direction !== 'to-target';
  return (
    <figure>
      <svg viewBox="0 0 400 116" className="block w-full max-w-md" aria-hidden="true">
        <defs>
          <marker
            id={`${id}-out`}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path d="M0 0 8 4 0 8Z" className="fill-to-target" />
          </marker>
          <marker
            id={`${id}-back`}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path d="M0 0 8 4 0 8Z" className="fill-from-target" />
          </marker>
        </defs>
        {sources.length > 1 && (
          <rect x="10" y="28" width="104" height="54" rx="8" className="fill-sunken stroke-line-strong" />
        )}
        <End
          x={4}
          title="Source"
          name={sourceName(sources)}
          behindNat={sources.some(({ behindNat }) => behindNat)}
          natX={124}
        />
        <End
          x={292}
          title="Target"
          name={target?.agentName}
          behindNat={target?.behindNat ?? false}
          natX={276}
        />
        <path
          d="M136 48C170 36 230 36 264 48"
          markerEnd={out ? `url(#${id}-out)` : undefined}
          className={out ? 'fill-none stroke-to-target' : 'fill-none stroke-line'}
          strokeWidth="2.5"
        />
        <path
          d="M264 70C230 82 170 82 136 70"
          markerEnd={back ? `url(#${id}-back)` : undefined}
          className={back ? 'fill-none stroke-from-target' : 'fill-none stroke-line'}
          strokeWidth="2.5"
          strokeDasharray="7 4"
        />
        {out && (
          <text x="200" y="30" textAnchor="middle" className="fill-to-target text-[11px]">
            measured
          </text>
        )}
        {back && (
          <text x="200" y="98" textAnchor="middle" className="fill-from-target text-[11px]">
            measured
          </text>
        )}
      </svg>
      <figcaption className="mt-2 text-sm text-muted">
        <span className="font-medium text-ink">
          {directionWords[direction]} over {protocolWords[protocol]}.
        </span>{' '}
        {sentences[direction]} The path is traced in{' '}
        {direction === 'bidirectional' ? 'both directions' : 'this direction'}.
      </figcaption>
    </figure>
  );
}

const sentences: Record<TestForm['direction'], string> = {
  'to-target': 'Loss, latency and jitter of what the source sends and the target receives.',
  'from-target': 'Loss, latency and jitter of what the target sends and the source receives.',
  bidirectional: 'Loss, latency and jitter of what each sends and the other receives, each direction apart.',
};

interface EndProps {
  x: number;
  title: string;
  name: string | undefined;
  behindNat: boolean;
  natX: number;
}

function End({ x, title, name, behindNat, natX }: EndProps) {
  return (
    <>
      <rect x={x} y="34" width="104" height="50" rx="6" className="fill-surface stroke-line-strong" />
      <text x={x + 52} y="55" textAnchor="middle" className="fill-ink text-[12px] font-semibold">
        {title}
      </text>
      <text x={x + 52} y="72" textAnchor="middle" className="fill-muted text-[10px]">
        {shortened(name ?? 'not chosen')}
      </text>
      {behindNat && (
        <>
          <path d={`M${natX} 26v66`} className="stroke-warn" strokeWidth="4" strokeDasharray="8 3" />
          <text x={natX} y="20" textAnchor="middle" className="fill-warn text-[10px]">
            NAT
          </text>
        </>
      )}
    </>
  );
}

function sourceName(sources: readonly Agent[]): string | undefined {
  const [first, ...others] = sources;
  return others.length === 0 ? first?.agentName : `${sources.length} agents`;
}

/** As much as the box holds. */
function shortened(name: string): string {
  return name.length > 16 ? `${name.slice(0, 15)}…` : name;
}
