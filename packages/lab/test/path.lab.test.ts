import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LabDescription } from '../src/description.ts';
import { buildLab, type Lab } from '../src/lab.ts';
import type { TraceAnswer } from '../src/verify/trace.ts';
import { wayFaults } from '../src/verify/way-faults.ts';
import { traceWay, verifyWays, withoutRateLimits } from '../src/verify/ways.ts';

async function withLab(description: LabDescription, use: (lab: Lab) => Promise<void>, verify = false) {
  const lab = await buildLab(description, { verify });
  try {
    await use(lab);
  } finally {
    await lab.close();
  }
}

/** Traces one way and finds it to be as the lab tells it; by TTL, who answered. */
async function assertWay(lab: Lab, from: string, to: string): Promise<TraceAnswer[]> {
  const answers = await traceWay(lab, from, to);
  assert.deepEqual(wayFaults(lab.way(from, to), answers), [], `${from} to ${to}`);
  return answers;
}

function facesSeen(answers: readonly TraceAnswer[], ttl: number): string[] {
  return [...new Set(answers.filter((each) => each.ttl === ttl).map(({ from }) => from))].sort();
}

test('each direction has its own routers: side by side, silent, with labels, before a narrow link', async () => {
  const sites = [
    {
      name: 'a',
      nat: 'eim-apdf',
      path: {
        up: [{ routers: 2 }, { routers: 2 }, { silent: true }],
        down: [{ mpls: [16_001, 24_002] }, { mtu: 1400 }],
      },
    },
    { name: 'b', nat: 'eim-cgn', path: [{ routers: 3 }, {}] },
    { name: 'c', nat: 'none' },
  ] as const;
  await withLab({ sites: structuredClone(sites) as never }, async (lab) => {
    await withoutRateLimits(lab, async () => {
      const there = await assertWay(lab, 'a', 'b');
      assert.equal(facesSeen(there, 4).length, 4, 'of two routers behind two, each is met from each');
      assert.deepEqual(facesSeen(there, 5), []);
      const back = await assertWay(lab, 'b', 'a');
      const [labels] = back.filter(({ ttl }) => ttl === 7).map((each) => each.labels);
      assert.deepEqual(
        labels?.map(({ label }) => label),
        [16_001, 24_002],
      );
      assert.equal(back.find(({ mtu }) => mtu > 0)?.mtu, 1400);
      for (const [from, to] of [
        ['a', 'c'],
        ['c', 'a'],
        ['c', 'b'],
        ['server', 'b'],
      ] as const) {
        await assertWay(lab, from, to);
      }
    });
  });
});

test('what a router does not pass on ends there, as it is described, in that direction only', async () => {
  const chains = {
    hole: [{}, { stops: 'silently' }],
    wall: [{ stops: 'admin-prohibited' }, {}],
    loop: [{}, { loop: true }, {}],
    reset: [{}, { setsTtl: 64 }, {}, {}],
  } as const;
  const sites = Object.entries(chains).flatMap(([name, chain]) => [
    { name: `${name}u`, nat: 'none', path: { up: chain, down: [{}] } },
    { name: `${name}d`, nat: 'eim-apdf', path: { up: [{}], down: chain } },
  ]);
  const nats = [
    { name: 'c', nat: 'eim-apdf' },
    { name: 'ttl', nat: { setsTtl: 64 } },
  ];
  await withLab({ sites: [...sites, ...nats] } as never, async (lab) => {
    await withoutRateLimits(lab, async () => {
      await assertWay(lab, 'ttl', 'c');
      await assertWay(lab, 'c', 'ttl');
      for (const name of Object.keys(chains)) {
        await assertWay(lab, `${name}u`, 'c');
        await assertWay(lab, 'c', `${name}d`);
        await assertWay(lab, `${name}u`, 'server');
        await assertWay(lab, 'server', `${name}d`);
      }
    });
  });
});

test('errors are as rare as described: six at once and then one a second, from a kernel and with labels alike', async () => {
  const path = [{}, { mpls: [16] }, { rateLimitMs: 0 }, { rateLimitMs: 0, mpls: [16] }];
  await withLab(
    {
      sites: [
        { name: 'a', nat: 'none', path },
        { name: 'c', nat: 'none' },
      ],
    },
    async (lab) => {
      const flows = 40;
      const answers = await traceWay(lab, 'a', 'c', { flows });
      const counts = [2, 3, 4, 5].map((ttl) => answers.filter((each) => each.ttl === ttl).length);
      const [kernel, labels, unlimited, unlimitedLabels] = counts as [number, number, number, number];
      assert.ok(kernel >= 6 && kernel < flows / 2, `${counts}`);
      assert.ok(labels >= 6 && labels < flows / 2, `${counts}`);
      assert.deepEqual([unlimited, unlimitedLabels], [flows, flows]);
    },
  );
});

test('the link’s delay is on every way to the core, and can be changed', async () => {
  const link = { up: { delayMs: 30 }, down: { delayMs: 10 } };
  const path = { up: [{ routers: 2 }], down: [{}] };
  await withLab({ sites: [{ name: 'a', nat: 'none', link, path }] }, async (lab) => {
    const [host] = lab.sites.get('a')!.hosts;
    const [server] = lab.server.addresses;
    // The shortest of some, from different ports: until a SYN to a closed port is refused.
    const refusal = `
      const connect = () => new Promise((resolve) => {
        const start = performance.now();
        require('net').connect(9, '${server}').on('error', () => resolve(performance.now() - start));
      });
      (async () => {
        const times = [];
        for (let i = 0; i < 12; i++) times.push(await connect());
        console.log(JSON.stringify(times));
      })();`;
    const roundTrips = async (): Promise<number[]> =>
      JSON.parse((await host!.run(process.execPath, ['-e', refusal])).stdout);
    const slow = Math.min(...(await roundTrips()));
    assert.ok(slow >= 40 && slow < 80, `${slow} ms`);
    await lab.setLink('a', { delayMs: 2 });
    const quick = Math.min(...(await roundTrips()));
    assert.ok(quick >= 4 && quick < 40, `${quick} ms`);
  });
});

test('a lab with paths is handed out once they are traced; what is not as described is caught', async () => {
  const sabotages: [place: string, command: string, fault: RegExp][] = [
    ['up1', 'nft flush ruleset', /^The way from a to server .* hop 2: \S+ answered, not nobody \(a-up1\)/],
    ['up2', 'nft flush ruleset', /^The way from b to server .* hop 3: \S+ told the labels \[\], not \[.*100/],
    [
      'up3',
      `nft 'table ip router { chain answers { type filter hook output priority 0; icmp type time-exceeded drop; }; }'`,
      /^The way from c to server .* hop 4: c-up3 did not answer/,
    ],
    ['down1', 'ip link set dev site1 mtu 1300', /^The way from server to d .* told by \S+ with 1300, not by/],
    [
      'router',
      'ip route replace default via 198.19.136.9',
      /^The way from e to server .* hop 2: \S+\.9 answered/,
    ],
  ];
  const path = { up: [{ silent: true }, { mpls: [100] }, {}], down: [{ mtu: 1400 }, {}] };
  const sites = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, nat: 'none' as const, path }));
  await withLab(
    { sites },
    async (lab) => {
      for (const [index, [place, command]] of sabotages.entries()) {
        const broken = lab.places.find(({ name }) => name === `${sites[index]!.name}-${place}`)!;
        assert.equal((await broken.run('sh', ['-c', command])).code, 0, command);
      }
      await assert.rejects(verifyWays(lab, [1000]), (error: Error & { code: string }) => {
        assert.equal(error.code, 'way-not-as-described');
        const complaints = error.message.split('\n');
        assert.equal(complaints.length, sabotages.length, error.message);
        for (const [index, [, , fault]] of sabotages.entries()) assert.match(complaints[index]!, fault);
        return true;
      });
    },
    true,
  );
});
