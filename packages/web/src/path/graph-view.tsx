// The drawing with what belongs to it: finding, the legend, details of a node, and the table of those selected.

import type { OneDirection, RoundPath } from '@pinhole/contract';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useSettled } from '../app/clock.ts';
import { Button, Checkbox, SearchInput } from '../ui/index.ts';
import { useWidth } from '../views/element-hooks.ts';
import type { Health } from '../views/health.ts';
import { joinIds, splitIds } from '../views/search.ts';
import { useView } from '../views/use-view.ts';
import { NodeDetails } from './details.tsx';
import { exportSvg } from './export.ts';
import type { PathThresholds } from './facts.ts';
import { isFound } from './find.ts';
import { type GoTo, PathGraph } from './graph.tsx';
import type { Lane } from './lanes.ts';
import { layOutPath } from './layout.ts';
import { Legend } from './legend.tsx';
import { SelectionTable } from './selection-table.tsx';

interface GraphViewProps {
  path: RoundPath;
  lanes: readonly Lane[];
  thresholds: PathThresholds;
  health: ReadonlyMap<string, Health>;
  titles: ReadonlyMap<OneDirection, string>;
  nameOf: (agentId: string) => string;
  selectedIds: readonly string[];
}

export function GraphView(props: GraphViewProps) {
  const { path, lanes, thresholds, health, titles, nameOf, selectedIds } = props;
  const { search, change } = useView();
  const svgRef = useRef<SVGSVGElement>(null);
  const boxRef = useRef<HTMLDivElement>(null);
  const width = useWidth(boxRef);
  const layout = useMemo(() => layOutPath(lanes, width), [lanes, width]);
  const selected = useMemo(() => new Set(selectedIds), [selectedIds]);
  const behindNat = useMemo(
    () => new Set(path.agents.filter(({ behindNat }) => behindNat).map(({ agentId }) => agentId)),
    [path],
  );
  const find = search.find ?? '';
  const foundKeys = useMemo(
    () =>
      layout.nodes
        .filter(({ node }) => isFound(node, find))
        .toSorted((a, b) => a.x - b.x || a.y - b.y)
        .map(({ key }) => key),
    [layout, find],
  );
  const found = useMemo(() => new Set(foundKeys), [foundKeys]);
  const [goTo, setGoTo] = useState<GoTo | null>(null);
  const [active, setActive] = useState<string | null>(null);

  const onPick = (key: string, isMore: boolean) => {
    const node = layout.nodes.find((each) => each.key === key)?.node;
    if (node === undefined) return;
    if (node.kind === 'run') {
      change({ open: joinIds([...splitIds(search.open), node.id]) });
      return;
    }
    const rest = selectedIds.filter((id) => id !== node.id);
    const isOn = selected.has(node.id);
    const next = isMore ? (isOn ? rest : [...rest, node.id]) : isOn && rest.length === 0 ? [] : [node.id];
    change({ select: joinIds(next) });
  };
  const shownKey = active ?? layout.nodes.find(({ node }) => selected.has(node.id))?.key ?? null;
  const placed = layout.nodes.find(({ key }) => key === shownKey) ?? null;

  return (
    <div className="flex flex-col">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 pt-3">
        <Finder
          text={find}
          keys={foundKeys}
          onText={(text) => change({ find: text === '' ? undefined : text })}
          onGo={(key) => setGoTo({ key, isFocused: false })}
        />
        <Checkbox
          label="Collapse long runs"
          checked={search.collapse === true}
          onChange={(checked) => change({ collapse: checked ? true : undefined, open: undefined })}
        />
        {search.open !== undefined && search.collapse === true && (
          <Button size="s" onClick={() => change({ open: undefined })}>
            Close opened runs
          </Button>
        )}
        <Button
          className="ml-auto"
          icon="download"
          onClick={() => svgRef.current !== null && exportSvg(svgRef.current, layout, path)}
        >
          SVG
        </Button>
      </div>
      <div className="grid min-w-0 xl:grid-cols-[minmax(0,1fr)_19rem]">
        <div className="min-w-0" ref={boxRef}>
          <PathGraph
            svgRef={svgRef}
            layout={layout}
            thresholds={thresholds}
            health={health}
            behindNat={behindNat}
            selected={selected}
            found={found}
            titles={titles}
            nameOf={nameOf}
            onPick={onPick}
            onActive={setActive}
            goTo={goTo}
          />
          <Legend thresholds={thresholds} />
        </div>
        <NodeDetails
          placed={placed}
          lanes={lanes}
          thresholds={thresholds}
          nameOf={nameOf}
          isSelected={placed !== null && selected.has(placed.node.id)}
          onSelect={() => placed !== null && onPick(placed.key, true)}
          onGo={(key) => setGoTo({ key, isFocused: true })}
        />
      </div>
      {selectedIds.length > 0 && (
        <SelectionTable
          layout={layout}
          ids={selectedIds}
          nameOf={nameOf}
          onRemove={(id) => change({ select: joinIds(selectedIds.filter((each) => each !== id)) })}
          onClear={() => change({ select: undefined })}
          onGo={(key) => setGoTo({ key, isFocused: true })}
        />
      )}
    </div>
  );
}

/** Enter goes from one to the next. */
function Finder({
  text,
  keys,
  onText,
  onGo,
}: {
  text: string;
  keys: readonly string[];
  onText: (text: string) => void;
  onGo: (key: string) => void;
}) {
  const [typed, setTyped] = useState(text);
  const settled = useSettled(typed, 250);
  const [at, setAt] = useState(-1);
  const latest = useRef({ text, onText });
  latest.current = { text, onText };
  useEffect(() => {
    if (settled !== latest.current.text) latest.current.onText(settled);
    setAt(-1);
  }, [settled]);
  const go = (by: number) => {
    if (keys.length === 0) return;
    const next = at < 0 ? 0 : (at + by + keys.length) % keys.length;
    setAt(next);
    onGo(keys[next]!);
  };
  return (
    <div className="flex items-center gap-2">
      <SearchInput
        aria-label="Find by address, name or network"
        placeholder="Address, name or network"
        className="w-64"
        value={typed}
        onChange={setTyped}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          go(event.shiftKey ? -1 : 1);
        }}
      />
      <span role="status" className="text-sm text-muted">
        {text === ''
          ? ''
          : keys.length === 0
            ? 'Nothing found'
            : at < 0
              ? `${keys.length} found, Enter goes to them`
              : `${at + 1} of ${keys.length}`}
      </span>
      {keys.length > 0 && (
        <Button size="s" onClick={() => go(1)}>
          Next
        </Button>
      )}
    </div>
  );
}
