// The drawing of both directions of a path: pointed at, walked through by arrow keys, zoomed and moved.

import {
  type FocusEvent,
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
  useEffect,
  useRef,
  useState,
} from 'react';
import { IconButton } from '../ui/index.ts';
import { useWidth, useZoomWheel } from '../views/element-hooks.ts';
import { Drawing, type DrawingProps } from './drawing.tsx';
import type { PathLayout } from './layout.ts';
import './path.css';
import { Tip, type TipAt } from './tip.tsx';
import { fitView, revealView, type Viewport, windowHeight, zoomView } from './viewport.ts';
import { type Step, walk } from './walk.ts';

export interface GoTo {
  readonly key: string;
  /** Or else only told of, and the focus stays where it is. */
  readonly isFocused: boolean;
}

interface GraphProps extends Omit<DrawingProps, 'entryKey'> {
  svgRef: RefObject<SVGSVGElement | null>;
  nameOf: (agentId: string) => string;
  /** Click or Enter on a node; `isMore`: with Shift or Control. */
  onPick: (key: string, isMore: boolean) => void;
  /** Has the focus, or is pointed at. */
  onActive: (key: string | null) => void;
  /** To be brought into sight; a new object each time. */
  goTo: GoTo | null;
}

const steps: Readonly<Record<string, Step>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};
/** Farther than this a pointer does not click any more, it moves the drawing. */
const clickPx = 4;
/** Labels of hops smaller than this share of their size are not drawn. */
const farScale = 0.45;

export function PathGraph({ svgRef, nameOf, onPick, onActive, goTo, ...drawing }: GraphProps) {
  const { layout } = drawing;
  const boxRef = useRef<HTMLDivElement>(null);
  const width = useWidth(boxRef);
  const window = { width, height: windowHeight(layout, width, layout.nodes.length) };
  const [moved, setMoved] = useState<Viewport | null>(null);
  const view = moved ?? fitView(layout, window, layout.nodes.length);
  const [entry, setEntry] = useState<string | null>(null);
  const entryKey = layout.nodes.some(({ key }) => key === entry) ? entry : (layout.nodes[0]?.key ?? null);
  const [tip, setTip] = useState<TipAt | null>(null);
  const zoom = (factor: number, at = { x: width / 2, y: window.height / 2 }) =>
    setMoved(zoomView(view, factor, at));

  const show = ({ key, isFocused }: GoTo) => {
    const node = layout.nodes.find((each) => each.key === key);
    if (node === undefined) return;
    const next = revealView(view, node, window);
    setMoved(next);
    if (isFocused) {
      svgRef.current
        ?.querySelector<SVGGElement>(`[data-key="${CSS.escape(key)}"] > [role="button"]`)
        ?.focus({ preventScroll: true });
      return;
    }
    setEntry(key);
    onActive(key);
    setTip({ key, x: next.x + node.x * next.scale, y: next.y + node.y * next.scale });
  };
  const latestShow = useRef(show);
  latestShow.current = show;
  useEffect(() => {
    if (goTo !== null) latestShow.current(goTo);
  }, [goTo]);
  useZoomWheel(boxRef, (event) => {
    const box = boxRef.current!.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 300), { x: event.clientX - box.left, y: event.clientY - box.top });
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const key = keyAt(event.target);
    // The browser's own: Control and plus, and the like.
    if (event.metaKey || event.altKey || (event.ctrlKey && event.key !== 'Enter')) return;
    if (event.key === 'Escape') setTip(null);
    else if (event.key === '+' || event.key === '=') zoom(1.25);
    else if (event.key === '-') zoom(0.8);
    else if (event.key === '0') setMoved(null);
    else if (key === null) return;
    else if (event.key === 'Enter' || event.key === ' ') onPick(key, event.shiftKey || event.ctrlKey);
    else {
      const step = steps[event.key];
      if (step === undefined) return;
      const next = walk(layout, key, step);
      if (next !== null) show({ key: next, isFocused: true });
    }
    event.preventDefault();
  };
  const onFocus = (event: FocusEvent) => {
    const key = keyAt(event.target);
    if (key === null) return;
    setEntry(key);
    onActive(key);
    const node = layout.nodes.find((each) => each.key === key);
    if (node !== undefined && event.target.matches(':focus-visible'))
      setTip({ key, x: view.x + node.x * view.scale, y: view.y + node.y * view.scale });
  };

  const drag = useRef<{ x: number; y: number; view: Viewport; isMoving: boolean } | null>(null);
  const onPointerDown = (event: PointerEvent) => {
    if (event.button === 0) drag.current = { x: event.clientX, y: event.clientY, view, isMoving: false };
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const from = drag.current;
    if (from === null || event.buttons === 0) {
      drag.current = null;
      const key = keyAt(event.target) ?? linkAt(event.target);
      setTip(key === null ? null : { key, x: event.clientX - box.left, y: event.clientY - box.top });
      return;
    }
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!from.isMoving && Math.hypot(dx, dy) < clickPx) return;
    if (!from.isMoving) event.currentTarget.setPointerCapture(event.pointerId);
    from.isMoving = true;
    setTip(null);
    setMoved({ ...from.view, x: from.view.x + dx, y: from.view.y + dy });
  };
  const onClick = (event: React.MouseEvent) => {
    const wasMoving = drag.current?.isMoving ?? false;
    drag.current = null;
    const key = keyAt(event.target);
    if (wasMoving || key === null) return;
    onPick(key, event.shiftKey || event.ctrlKey || event.metaKey);
  };

  return (
    <div className="relative">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the nodes inside are the controls, this only hears of them */}
      <div
        ref={boxRef}
        className="relative cursor-grab touch-pan-y overflow-hidden select-none active:cursor-grabbing"
        style={{ height: window.height }}
        onKeyDown={onKeyDown}
        onFocus={onFocus}
        onBlur={() => setTip(null)}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerLeave={() => setTip(null)}
        onClick={onClick}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: a drawing is no set of fields */}
        <svg
          ref={svgRef}
          className={`block${view.scale < farScale ? ' path-far' : ''}${drawing.found.size > 0 ? ' path-searching' : ''}`}
          width={width}
          height={window.height}
          role="group"
          aria-label="Path in both directions. Arrow keys go along links, Enter selects, plus and minus zoom, 0 shows all."
        >
          <g data-drawing="" transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
            <Drawing {...drawing} entryKey={entryKey} />
          </g>
        </svg>
      </div>
      {tip !== null && (
        <Tip at={tip} width={width} layout={layout} thresholds={drawing.thresholds} nameOf={nameOf} />
      )}
      <div className="absolute top-2 right-2 flex flex-col rounded-md border border-line bg-surface">
        <IconButton icon="plus" label="Zoom in" onClick={() => zoom(1.25)} />
        <IconButton icon="minus" label="Zoom out" onClick={() => zoom(0.8)} />
        <IconButton
          icon="fit"
          label="Show all of the path"
          onClick={() => setMoved(wholeView(layout, window))}
        />
      </div>
    </div>
  );
}

function wholeView(layout: PathLayout, window: { width: number; height: number }): Viewport {
  return fitView(layout, window, Number.POSITIVE_INFINITY);
}

function keyAt(target: EventTarget): string | null {
  return target instanceof Element ? (target.closest('[data-key]')?.getAttribute('data-key') ?? null) : null;
}

function linkAt(target: EventTarget): string | null {
  return target instanceof Element
    ? (target.closest('[data-link]')?.getAttribute('data-link') ?? null)
    : null;
}
