// Runs in the browser: draws a large path and a long timeline, and tells how long each takes.

import type { Timeline, TimelineSeries } from '@pinhole/contract';
import type { ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { meshPath } from '../../dev/mesh.ts';
import { Drawing } from '../../src/path/drawing.tsx';
import { buildLane } from '../../src/path/lanes.ts';
import { layOutPath } from '../../src/path/layout.ts';
import '../../src/path/path.css';
import '../../src/style.css';
import { TimelineChart } from '../../src/timeline/chart.tsx';
import { timelineColumns } from '../../src/timeline/columns.ts';

const repetitions = 25;
const box = document.getElementById('root')!;
const nothing = () => {};

/** To the next picture: until the one with it has been painted. */
async function painted(): Promise<void> {
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

async function leastMs(run: () => unknown, clear: () => void): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repetitions; i++) {
    await painted();
    const beginMs = performance.now();
    run();
    await painted();
    least = Math.min(least, performance.now() - beginMs);
    clear();
  }
  return least;
}

function mounting(element: ReactNode): [run: () => void, clear: () => void] {
  let root = createRoot(box);
  return [
    () => {
      root = createRoot(box);
      flushSync(() => root.render(element));
    },
    () => {
      root.unmount();
      box.replaceChildren();
    },
  ];
}

async function drawPath() {
  const path = meshPath();
  const options = { grouping: 'interface', sourceAgentIds: null } as const;
  const layOut = () =>
    layOutPath(
      (['to-target', 'from-target'] as const).map((direction) => buildLane(path, direction, options)),
      1200,
    );
  const layout = layOut();
  const drawing = (
    // biome-ignore lint/a11y/noSvgWithoutTitle: nobody looks at it
    <svg width="1200" height="720" className="path-far">
      <g transform="scale(.25)">
        <Drawing
          layout={layout}
          thresholds={{ hopLoss: 10, linkDelayMs: 100 }}
          health={new Map()}
          behindNat={new Set()}
          selected={new Set()}
          found={new Set()}
          entryKey={null}
          titles={new Map()}
        />
      </g>
    </svg>
  );
  const [mount, unmount] = mounting(drawing);
  const layoutMs = await leastMs(layOut, nothing);
  const drawMs = await leastMs(mount, unmount);
  mount();
  const markup = box.innerHTML;
  unmount();
  const markupMs = await leastMs(
    () => {
      box.innerHTML = markup;
    },
    () => box.replaceChildren(),
  );
  const emptyMs = await leastMs(nothing, nothing);
  return {
    nodes: path.nodes.length,
    links: path.links.length,
    drawnNodes: layout.nodes.length,
    drawnLinks: layout.links.length,
    layoutMs,
    drawMs,
    markupMs,
    emptyMs,
  };
}

function longTimeline(points: number): Timeline {
  const startS = Array.from({ length: points }, (_, i) => 1_790_000_000 + i * 60);
  const curve = (shift: number) =>
    startS.map((_, i) => 40 + 10 * Math.sin(i / 200 + shift) + ((i * 7919) % 97) / 30);
  const series = (shift: number): TimelineSeries => ({
    startS,
    results: startS.map(() => 1),
    failed: startS.map((_, i) => (i % 500 === 0 ? 1 : 0)),
    lossMean: curve(shift),
    lossMax: curve(shift),
    latencyMin: curve(shift),
    latencyMean: curve(shift),
    latencyMax: curve(shift),
    latencyBound: startS.map((_, i) => 0.5 + (i % 20) / 20),
    roundTripMean: curve(shift),
    jitterMean: curve(shift),
    jitterMax: curve(shift),
    throughputMin: curve(shift),
    throughputMean: curve(shift),
  });
  return {
    testId: '1',
    bucketS: 60,
    toTarget: series(0),
    fromTarget: series(2),
    firstRoundId: startS[0]!,
    lastRoundId: startS.at(-1)!,
  };
}

async function drawTimeline() {
  const timeline = longTimeline(10_000);
  const range = { fromS: timeline.firstRoundId!, toS: timeline.lastRoundId! };
  const chart = () => (
    <div style={{ width: 1200 }}>
      <TimelineChart
        label="Latency"
        columns={timelineColumns(timeline, 'latency', ['to-target', 'from-target'])}
        unit="ms"
        range={range}
        nowS={range.toS}
        pickedS={null}
        onRange={nothing}
        onReset={nothing}
        onPick={nothing}
        onPoint={nothing}
      />
    </div>
  );
  let root = createRoot(box);
  const drawMs = await leastMs(
    () => {
      root = createRoot(box);
      flushSync(() => root.render(chart()));
    },
    () => {
      root.unmount();
      box.replaceChildren();
    },
  );
  return { points: 10_000, drawMs };
}

Object.assign(window, { drawPath, drawTimeline });
