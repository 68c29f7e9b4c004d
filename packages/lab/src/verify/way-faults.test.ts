import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LabDescription, parseDescription } from '../description.ts';
import type { Hop, Way } from '../path/way.ts';
import { planWay } from '../path/way.ts';
import { planTopology } from '../topology.ts';
import { largeProbe, type TraceAnswer } from './trace.ts';
import { wayFaults } from './way-faults.ts';

function wayOver(path: LabDescription['sites'][number]['path']): Way {
  const sites = [
    { name: 'a', nat: 'none' as const, path },
    { name: 'b', nat: 'none' as const },
  ];
  return planWay(planTopology(parseDescription({ sites })), 'a', 'b');
}

/** What a flow that meets these faces gets back. */
function flow(way: Way, localPort: number, faces: readonly (Hop | undefined)[]): TraceAnswer[] {
  return faces.flatMap((face, at) =>
    face === undefined || face.address === null
      ? []
      : {
          localPort,
          ttl: at + 1,
          from: face.address,
          ...(way.end === 'reached' && at >= way.hops.length - 1
            ? { type: 3, code: 3 }
            : { type: 11, code: 0 }),
          labels: face.mpls,
          mtu: 0,
        },
  );
}

const ecmp = wayOver([{ routers: 2 }, { routers: 2 }, { silent: true }, { mpls: [16] }]);
const over = (first: number, second: number) =>
  ecmp.hops.map((faces, at) => {
    if (at === 1) return faces[first];
    // Behind the first router its two neighbours, then behind the second one.
    return at === 2 ? faces[2 * first + second] : at === 3 ? faces[second] : faces[0];
  });
const right = [...flow(ecmp, 1, over(0, 0)), ...flow(ecmp, 2, over(1, 1))];

test('a trace of the way that was asked for has no faults', () => {
  assert.deepEqual(wayFaults(ecmp, right), []);
});

test('who does not answer, who answers instead, and where it comes from are told', () => {
  const faults = (change: (answer: TraceAnswer) => TraceAnswer | null) =>
    wayFaults(
      ecmp,
      right.map(change).filter((answer) => answer !== null),
    );
  const at = (ttl: number, change: Partial<TraceAnswer> | null) => (answer: TraceAnswer) =>
    answer.ttl === ttl ? change && { ...answer, ...change } : answer;
  assert.deepEqual(faults(at(6, null)), ['hop 6: core did not answer']);
  assert.deepEqual(
    faults((answer) => (answer.localPort === 2 && answer.ttl === 2 ? null : answer)),
    ['hop 2: a-path1-2 did not answer'],
  );
  const stranger = right[0]!.from;
  assert.match(faults(at(6, { from: stranger }))[0]!, /^hop 6: 198\.51\.100\.1 answered, not \S+ \(core\)/);
  assert.match(faults(at(5, { labels: [] }))[0]!, /^hop 5: \S+ told the labels \[\], not \[\{"label":16,/);
  assert.match(faults(at(6, { type: 3, code: 1 }))[0]!, /type 3, code 1, not 11 and 0/);
  const crossed = right.map((answer) =>
    answer.ttl === 2 ? { ...answer, localPort: 3 - answer.localPort } : answer,
  );
  assert.match(wayFaults(ecmp, crossed)[0]!, /^hop 3: \S+ was met behind a-path1-2, not a-path1-1/);
  assert.match(
    wayFaults(ecmp, [...right, { ...right[0]!, ttl: 4 }])[0]!,
    /^hop 4: 198\.51\.100\.1 answered, not nobody/,
  );
});

test('behind the end of a way there is what it says: silence, or that there is no way', () => {
  const hole = wayOver({ up: [{ stops: 'silently' }] });
  const faces = hole.hops.map(([face]) => face);
  assert.deepEqual(wayFaults(hole, flow(hole, 1, faces)), []);
  assert.match(wayFaults(hole, flow(hole, 1, [...faces, faces[1]]))[0]!, /hop 3: \S+ answered, not nobody/);

  const wall = wayOver({ up: [{ stops: 'admin-prohibited' }] });
  const answers = flow(wall, 1, [...wall.hops.map(([face]) => face), wall.hops[1]![0]]);
  const refused = answers.map((answer) => (answer.ttl === 3 ? { ...answer, type: 3, code: 13 } : answer));
  assert.deepEqual(wayFaults(wall, refused), []);
  assert.match(wayFaults(wall, answers)[0]!, /hop 3: \S+ answered with type 11, code 0, not 3 and 13/);
  assert.match(wayFaults(wall, refused.slice(0, 2))[0]!, /behind hop 2 nobody said/);
});

test('the first router before a narrow link says so, with its MTU', () => {
  const narrow = wayOver([{}, { mtu: 1400 }]);
  const answers = flow(
    narrow,
    1,
    narrow.hops.map(([face]) => face),
  );
  const told = (at: number, mtu: number) => [
    ...answers,
    { ...answers[at]!, ttl: largeProbe, type: 3, code: 4, mtu },
  ];
  assert.deepEqual(wayFaults(narrow, told(2, 1400)), []);
  assert.match(
    wayFaults(narrow, told(2, 1300))[0]!,
    /told by \S+ with 1300, not by \S+ \(a-path2\) with 1400/,
  );
  assert.match(wayFaults(narrow, told(1, 1400))[0]!, /with 1400, not by/);
  assert.match(wayFaults(narrow, answers)[0]!, /told by nobody/);
});
