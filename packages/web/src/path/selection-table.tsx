// Those selected, side by side.

import { Button, IconButton, Table, Td, Th } from '../ui/index.ts';
import { directionArrows, none, percent } from '../views/format.ts';
import { lossOf, roundTripWords, translates } from './facts.ts';
import type { PathLayout } from './layout.ts';

export function SelectionTable({
  layout,
  ids,
  nameOf,
  onRemove,
  onClear,
  onGo,
}: {
  layout: PathLayout;
  ids: readonly string[];
  nameOf: (agentId: string) => string;
  onRemove: (id: string) => void;
  onClear: () => void;
  onGo: (key: string) => void;
}) {
  const byId = Map.groupBy(layout.nodes, ({ node }) => node.id);
  return (
    <section aria-labelledby="selection" className="border-t border-line">
      <header className="flex items-center gap-3 px-4 pt-3 pb-1">
        <h3 id="selection" className="font-semibold">
          Selection
        </h3>
        <Button size="s" onClick={onClear}>
          Clear
        </Button>
      </header>
      <Table caption="Selected hops and agents">
        <thead>
          <tr>
            <Th>Address</Th>
            <Th>Name</Th>
            <Th>Network</Th>
            <Th>Hop</Th>
            <Th align="right">Loss</Th>
            <Th align="right">Answered</Th>
            <Th>Round trip</Th>
            <Th align="right">Traces</Th>
            <Th>NAT</Th>
            <Th align="right">Remove</Th>
          </tr>
        </thead>
        <tbody>
          {ids.map((id) => {
            const places = byId.get(id) ?? [];
            const node = places[0]?.node;
            if (node === undefined)
              return (
                <tr key={id}>
                  <Td isRowHeader>{id}</Td>
                  <Td colSpan={8} className="text-muted">
                    Not on the path of this round, or not in this grouping
                  </Td>
                  <Td align="right">
                    <IconButton icon="close" size="s" label={`Remove ${id}`} onClick={() => onRemove(id)} />
                  </Td>
                </tr>
              );
            const sum = (of: 'sent' | 'answered') =>
              node.members.reduce((total, member) => total + member[of], 0);
            const [only] = node.members.length === 1 ? node.members : [];
            return (
              <tr key={id} className="hover:bg-hover">
                <Td isRowHeader>
                  <button
                    type="button"
                    className="text-link min-h-6 cursor-pointer"
                    onClick={() => onGo(places[0]!.key)}
                  >
                    {node.label}
                  </button>
                </Td>
                <Td className="break-all">{only?.name ?? none}</Td>
                <Td>{only?.network ?? none}</Td>
                <Td className="whitespace-nowrap">
                  {places
                    .filter(({ lane }) => lane !== null)
                    .map(({ lane, node: here }) => `${here.column} ${directionArrows[lane!]}`)
                    .join(', ') || none}
                </Td>
                <Td align="right">{percent(lossOf(node))}</Td>
                <Td align="right" className="whitespace-nowrap">
                  {node.kind === 'agent' ? none : `${sum('answered')} of ${sum('sent')}`}
                </Td>
                <Td>{only === undefined ? none : roundTripWords(only, nameOf).join('; ') || none}</Td>
                <Td align="right">{node.traces}</Td>
                <Td>{translates(node) ? 'yes' : 'no'}</Td>
                <Td align="right">
                  <IconButton
                    icon="close"
                    size="s"
                    label={`Remove ${node.label}`}
                    onClick={() => onRemove(id)}
                  />
                </Td>
              </tr>
            );
          })}
        </tbody>
      </Table>
    </section>
  );
}
