import type { Evidence } from './report.ts';

export function EvidenceList({ evidence }: { evidence: readonly Evidence[] }) {
  return (
    <ul className="flex flex-col gap-1.5 text-sm">
      {evidence.map(({ sent, received }) => (
        <li key={`${sent}\n${received}`} className="border-l-2 border-line pl-3">
          <span className="block">
            <span className="text-muted">Sent </span>
            {sent}
          </span>
          <span className="block">
            <span className="text-muted">Came back </span>
            {received}
          </span>
        </li>
      ))}
    </ul>
  );
}
