// Everything that is known of the node that has the focus or is selected.

import type { PathGraphNode } from '@pinhole/contract';
import type { ReactNode } from 'react';
import { Button, Status } from '../ui/index.ts';
import { directionArrows, milliseconds, none, percent } from '../views/format.ts';
import { endWords, isLossy, isSlow, lossOf, natWords, type PathThresholds, roundTripWords } from './facts.ts';
import type { Lane } from './lanes.ts';
import { laneKey, type PlacedNode } from './layout.ts';

interface NodeDetailsProps {
  placed: PlacedNode | null;
  lanes: readonly Lane[];
  thresholds: PathThresholds;
  nameOf: (agentId: string) => string;
  isSelected: boolean;
  onSelect: () => void;
  onGo: (key: string) => void;
}

export function NodeDetails({
  placed,
  lanes,
  thresholds,
  nameOf,
  isSelected,
  onSelect,
  onGo,
}: NodeDetailsProps) {
  if (placed === null)
    return (
      <aside aria-label="Details" className="border-line p-4 text-sm text-muted max-xl:border-t xl:border-l">
        Click a hop or an agent for its details, or walk to it: Tab leads into the drawing, arrow keys go
        along links. With Shift several are selected and stand in a table.
      </aside>
    );
  const { node } = placed;
  const [only] = node.members.length === 1 ? node.members : [];
  const loss = lossOf(node);
  return (
    <aside aria-label="Details" className="min-w-0 border-line p-4 text-sm max-xl:border-t xl:border-l">
      <h3 className="text-base font-semibold break-all">
        {node.kind === 'silent' ? 'No reply' : node.label}
      </h3>
      {only?.name !== undefined && <p className="break-all text-muted">{only.name}</p>}
      <div className="mt-2">
        <dl className="grid grid-cols-[5.5rem_minmax(0,1fr)] gap-x-3 gap-y-1">
          {only !== undefined && <Address node={only} />}
          {node.kind !== 'agent' && (
            <Fact name="Loss">
              {loss === null ? (
                none
              ) : isLossy(node, thresholds) ? (
                <Status tone="bad">{percent(loss)}, over the threshold</Status>
              ) : (
                percent(loss)
              )}
            </Fact>
          )}
          {only !== undefined && only.roundTrips.length > 0 && (
            <Fact name="Round trip">
              {roundTripWords(only, nameOf).map((words) => (
                <span key={words} className="block">
                  {words}
                </span>
              ))}
            </Fact>
          )}
          {only !== undefined && node.kind !== 'agent' && (
            <Fact name="Probes">
              {only.answered} of {only.sent} answered
            </Fact>
          )}
          {node.members.some(({ nat }) => nat.length > 0) && (
            <Fact name="NAT">
              {[...new Set(node.members.flatMap(({ nat }) => nat))]
                .map((reason) => natWords[reason])
                .join('; ')}
            </Fact>
          )}
          {only !== undefined && <Labels node={only} />}
          {node.endings.length > 0 && (
            <Fact name="Traces stop">
              <Status tone="warn">{node.endings.map((end) => endWords[end]).join('; ')}</Status>
            </Fact>
          )}
        </dl>
      </div>
      {lanes.map((lane) => (
        <LaneLinks key={lane.direction} lane={lane} id={node.id} thresholds={thresholds} onGo={onGo} />
      ))}
      {node.members.length > 1 && (
        <>
          <h4 className="mt-3 font-medium">{node.members.length} interfaces</h4>
          <ul className="max-h-48 overflow-y-auto">
            {node.members.map(({ id, address, name }) => (
              <li key={id}>
                {address ?? 'no reply'} {name !== undefined && <span className="text-muted">{name}</span>}
              </li>
            ))}
          </ul>
        </>
      )}
      {node.kind !== 'run' && (
        <Button size="s" className="mt-3" onClick={onSelect}>
          {isSelected ? 'Take out of the selection' : 'Add to the selection'}
        </Button>
      )}
    </aside>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="break-words">{children}</dd>
    </>
  );
}

function Address({ node }: { node: PathGraphNode }) {
  return (
    <>
      {node.kind === 'agent' && <Fact name="Address">{node.address ?? none}</Fact>}
      {node.network !== undefined && <Fact name="Network">{node.network}</Fact>}
      {node.prefix !== undefined && <Fact name="Prefix">{node.prefix}</Fact>}
      {(node.location ?? node.countryId) !== undefined && (
        <Fact name="Location">{node.location ?? node.countryId}</Fact>
      )}
    </>
  );
}

function Labels({ node }: { node: PathGraphNode }) {
  return (
    <>
      {node.mpls.length > 0 && (
        <Fact name="MPLS">
          {node.mpls.map((stack) => {
            const text = stack
              .map(({ label, trafficClass, ttl }) => `L=${label} TC=${trafficClass} TTL=${ttl}`)
              .join(' / ');
            return (
              <span key={text} className="block">
                {text}
              </span>
            );
          })}
        </Fact>
      )}
      {node.mtu !== null && <Fact name="MTU behind">{node.mtu} octets</Fact>}
    </>
  );
}

/** Where the traces of a lane come from and go to. */
function LaneLinks({
  lane,
  id,
  thresholds,
  onGo,
}: {
  lane: Lane;
  id: string;
  thresholds: PathThresholds;
  onGo: (key: string) => void;
}) {
  const into = lane.links
    .filter(({ to }) => to === id)
    .map((link) => ({ link, other: link.from, word: 'from' }));
  const outOf = lane.links
    .filter(({ from }) => from === id)
    .map((link) => ({ link, other: link.to, word: 'to' }));
  const all = [...into, ...outOf];
  if (all.length === 0) return null;
  const column = lane.nodes.find((node) => node.id === id)?.column ?? 0;
  return (
    <>
      <h4 className="mt-3 font-medium">
        {directionArrows[lane.direction]}
        {column > 0 && <span className="font-normal text-muted">, hop {column}</span>}
      </h4>
      <ul className="max-h-40 overflow-y-auto">
        {all.map(({ link, other, word }) => {
          const node = lane.nodes.find((each) => each.id === other);
          if (node === undefined) return null;
          const key = node.kind === 'agent' ? other : laneKey(lane.direction, other);
          return (
            <li key={`${word} ${other}`} className="flex flex-wrap items-center gap-x-1.5">
              <span className="text-muted">{word}</span>
              <button type="button" className="text-link min-h-6 cursor-pointer" onClick={() => onGo(key)}>
                {node.label}
              </button>
              <span className={isSlow(link, thresholds) ? 'text-bad' : 'text-muted'}>
                {milliseconds(link.delayMs)}
                {isSlow(link, thresholds) && ', over the threshold'}, {link.traces}{' '}
                {link.traces === 1 ? 'trace' : 'traces'}
              </span>
            </li>
          );
        })}
      </ul>
    </>
  );
}
