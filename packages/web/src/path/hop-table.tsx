// The hops of each direction as a table: the same as the drawing, for readers and for reading.

import type { OneDirection } from '@pinhole/contract';
import { Button, Status, Table, Td, Th } from '../ui/index.ts';
import { directionLabels, milliseconds, none, percent } from '../views/format.ts';
import {
  beginnings,
  endWords,
  isLossy,
  isSlow,
  leastRoundTrip,
  lossOf,
  natWords,
  type PathThresholds,
} from './facts.ts';
import { compare, type Lane } from './lanes.ts';

interface HopTablesProps {
  lanes: readonly Lane[];
  titles: ReadonlyMap<OneDirection, string>;
  thresholds: PathThresholds;
  nameOf: (agentId: string) => string;
  selectedIds: readonly string[];
  onShow: (id: string) => void;
}

export function HopTables({ lanes, titles, thresholds, selectedIds, onShow }: HopTablesProps) {
  return lanes.map((lane) => (
    <div key={lane.direction} className="pt-3">
      <h3 className="px-4 pb-1 font-semibold">{titles.get(lane.direction)}</h3>
      <HopTable lane={lane} thresholds={thresholds} selectedIds={selectedIds} onShow={onShow} />
    </div>
  ));
}

function HopTable({
  lane,
  thresholds,
  selectedIds,
  onShow,
}: {
  lane: Lane;
  thresholds: PathThresholds;
  selectedIds: readonly string[];
  onShow: (id: string) => void;
}) {
  const from = beginnings(lane);
  const into = Map.groupBy(lane.links, ({ to }) => to);
  const labels = new Map(lane.nodes.map(({ id, label }) => [id, label]));
  const rows = lane.nodes.toSorted((a, b) => a.column - b.column || compare(a.label, b.label));
  return (
    <Table caption={`Hops, ${directionLabels[lane.direction]}`}>
      <thead>
        <tr>
          <Th align="right">Hop</Th>
          <Th>Address</Th>
          <Th>Name</Th>
          <Th>Network</Th>
          <Th>Reached from</Th>
          <Th align="right">Loss</Th>
          <Th align="right">Least round trip</Th>
          <Th align="right">Traces</Th>
          <Th>Notes</Th>
          <Th>Drawing</Th>
        </tr>
      </thead>
      <tbody>
        {rows.map((node) => {
          const [only] = node.members.length === 1 ? node.members : [];
          const links = into.get(node.id) ?? [];
          const notes = [
            ...(node.kind === 'agent' ? ['agent'] : []),
            ...(node.members.length > 1 ? [`${node.members.length} interfaces`] : []),
            ...[...new Set(node.members.flatMap(({ nat }) => nat))].map(
              (reason) => `NAT: ${natWords[reason]}`,
            ),
            ...(only?.location === undefined ? [] : [only.location]),
            ...(only?.mpls ?? []).map((stack) => `MPLS ${stack.map(({ label }) => label).join('/')}`),
            ...(only?.mtu == null ? [] : [`MTU behind ${only.mtu}`]),
            ...node.endings.map((end) => `traces stop here: ${endWords[end]}`),
          ];
          return (
            <tr key={node.id} className={selectedIds.includes(node.id) ? 'bg-accent-soft' : 'hover:bg-hover'}>
              <Td align="right">{node.column}</Td>
              <Td isRowHeader className={node.kind === 'silent' ? 'text-muted' : 'font-medium'}>
                {node.label}
              </Td>
              <Td className="min-w-48 wrap-anywhere">{only?.name ?? none}</Td>
              <Td>{only?.network ?? none}</Td>
              <Td>
                {links.length === 0
                  ? none
                  : links.map((link) => (
                      <span
                        key={link.from}
                        className={`block whitespace-nowrap ${isSlow(link, thresholds) ? 'text-bad' : ''}`}
                      >
                        {labels.get(link.from)}, {milliseconds(link.delayMs)}
                        {isSlow(link, thresholds) && ' over the threshold'}
                      </span>
                    ))}
              </Td>
              <Td align="right" className="whitespace-nowrap">
                {isLossy(node, thresholds) ? (
                  <Status tone="bad">{percent(lossOf(node))}</Status>
                ) : (
                  percent(lossOf(node))
                )}
              </Td>
              <Td align="right" className="whitespace-nowrap">
                {milliseconds(leastRoundTrip(node, from))}
              </Td>
              <Td align="right">{node.traces}</Td>
              <Td>{notes.join('; ') || none}</Td>
              <Td>
                <Button
                  size="s"
                  aria-label={`Show ${node.label} in the drawing`}
                  onClick={() => onShow(node.id)}
                >
                  Show
                </Button>
              </Td>
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}
