// Trials of lifetimes side by side, for a host of the lab: the server's address and the plans in, the outcomes on standard
// output.

import { runTrial } from '@pinhole/agent';
import type { TrialPlan } from '@pinhole/nat';
import { createNet } from '@pinhole/net';
import { ip } from '@pinhole/wire';

const [serverAddress = '', plans = '[]'] = process.argv.slice(2);
const { net } = createNet();
const server = { address: ip(serverAddress), port: 9119 };
const { signal } = new AbortController();
const outcomes = (JSON.parse(plans) as TrialPlan[]).map((plan) => runTrial(net, server, plan, signal));
process.stdout.write(JSON.stringify(await Promise.all(outcomes)));
await net.close();
