import type { AgentNatTraversal, NatReport } from '@pinhole/contract';
import { Disclosure, Fact, Facts, Table, Td, Th } from '../ui/index.ts';
import { EvidenceList } from './evidence.tsx';
import { commonRows, type ReportCell, reportRows } from './report.ts';

export function NatReportTable({ report }: { report: NatReport }) {
  return (
    <>
      <div className="rounded-md border border-line">
        <Table caption="What the compatibility check has found">
          <thead>
            <tr>
              <Th>Property</Th>
              <Th>UDP</Th>
              <Th>TCP</Th>
            </tr>
          </thead>
          <tbody>
            {reportRows(report).map(({ title, meaning, udp, tcp }) => (
              <tr key={title}>
                <Td isRowHeader className="max-w-52">
                  {title}
                  <span className="block text-xs text-muted">{meaning}</span>
                </Td>
                <Cell cell={udp} />
                <Cell cell={tcp} />
              </tr>
            ))}
          </tbody>
        </Table>
      </div>
      <Facts>
        {commonRows(report).map(({ title, cell }) => (
          <Fact key={title} name={title}>
            <CellContent cell={cell} />
          </Fact>
        ))}
      </Facts>
    </>
  );
}

function Cell({ cell }: { cell: ReportCell | null }) {
  return (
    <Td className="min-w-36">
      {cell === null ? (
        <span className="text-muted">
          <span aria-hidden="true">–</span>
          <span className="sr-only">Does not apply</span>
        </span>
      ) : (
        <CellContent cell={cell} />
      )}
    </Td>
  );
}

function CellContent({ cell: { text, evidence } }: { cell: ReportCell }) {
  return (
    <>
      {text}
      {evidence.length > 0 && (
        <Disclosure summary="Evidence" className="text-xs">
          <EvidenceList evidence={evidence} />
        </Disclosure>
      )}
    </>
  );
}

/** What the checks of the last hour took the NAT for: one that is not always taken for the same is worth knowing. */
export function RecentLabels({ recent }: { recent: NonNullable<AgentNatTraversal['recent']> }) {
  return (
    <section aria-labelledby="nat-recent">
      <h3 id="nat-recent" className="mb-1 font-semibold">
        The last hour's checks
      </h3>
      <Facts>
        {(['udp', 'tcp'] as const).map((protocol) => (
          <Fact key={protocol} name={protocol.toUpperCase()}>
            {recent[protocol].length === 0 ? (
              <span className="text-muted">None yet</span>
            ) : (
              <ul>
                {recent[protocol].map(({ label, checks }) => (
                  <li key={label}>
                    {label} <span className="text-muted">× {checks}</span>
                  </li>
                ))}
              </ul>
            )}
          </Fact>
        ))}
      </Facts>
    </section>
  );
}
