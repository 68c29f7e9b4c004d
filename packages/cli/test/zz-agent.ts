import { Discovery } from '@pinhole/agent';
import { verdictOf } from '@pinhole/nat';
import { createNet } from '@pinhole/net';
import { decodeStun, ip, traversalCredential } from '@pinhole/wire';
import { natTraversalSchema } from '../../contract/src/nat-traversal.ts';
const { net, kind } = createNet(process.argv[2] as 'linux');
const socket = await net.udp.open({ local: { address: ip('0.0.0.0'), port: 49153 } }, { onDatagrams: (b) => { for (const { data, from } of b) { const d = decodeStun(data); if (d.ok) discovery.takeDatagram(d.value, from); } } });
const t = performance.now();
const discovery = new Discovery({ net, credential: traversalCredential(new TextEncoder().encode('s'), '11', Math.floor(Date.now()/1000)+3600), port: 49153, sendUdp: (data, to) => socket.send({ data, to }),
 input: { serverAddress: ip('203.0.113.10'), serverPorts: [9119, 9120], registered: null, localAddresses: net.host.interfaces().flatMap((i) => i.ipAddresses), keepAlives: { heldForMs: 600000, lostAfterMs: [] } } });
const report = (await discovery.report)!;
natTraversalSchema.parse({ checkedAtMs: 1, verdict: verdictOf(report), report });
console.log(kind, Math.round(performance.now() - t), 'ms');
for (const k of ['udp', 'tcp'] as const) console.log(k, Object.entries(report[k]).map(([n, f]) => `${n}=${JSON.stringify((f as {value: unknown}).value)}`).join(' '));
const v = verdictOf(report);
console.log('verdict', v.udp.supported, v.udp.failedRequirement, v.tcp.supported, v.tcp.failedRequirement);
if (process.argv[3]) console.log(JSON.stringify(report, null, 1));
await net.close();
