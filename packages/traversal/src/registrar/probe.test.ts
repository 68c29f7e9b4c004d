import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type RendezvousBody, refusalCodes, traversalCredential } from '@pinhole/wire';
import { Scene, secret, startS, theOnly } from '../../test/scene.ts';
import type { Channel } from './state.ts';

const credential = traversalCredential(secret, '11', startS + 3600);

function request(
  probe: Extract<RendezvousBody, { kind: 'probe' }>['probe'],
): Extract<RendezvousBody, { kind: 'probe' }> {
  return { kind: 'probe', probe, changeAddress: true };
}

/** A scene and a way to ask in it, with a nonce of that channel. */
function asking(channelIn: (scene: Scene) => Channel) {
  const scene = new Scene();
  const channel = channelIn(scene);
  const nonce = scene.nonceFor(channel);
  return {
    scene,
    channel,
    ask: (body: RendezvousBody) => scene.say(channel, body, { ...credential, nonce }),
  };
}

const overTcp = (scene: Scene) => scene.connect('198.51.100.1:40000');
const overUdp = (scene: Scene) => scene.udp('198.51.100.1:40000');

describe('a request for a probe', () => {
  for (const [name, channelIn, probe] of [
    ['a SYN over TCP', overTcp, 'unsolicited-syn'],
    ['a simultaneous open over TCP', overTcp, 'simultaneous-open'],
    ['where the silent endpoint is over TCP', overTcp, 'silent-endpoint'],
    ['a datagram over UDP', overUdp, 'unsolicited-datagram'],
  ] as const) {
    it(`for ${name} goes to where it came from, unregistered as it is`, () => {
      const { scene, channel, ask } = asking(channelIn);
      assert.deepEqual(ask(request(probe)).sent, []);
      const [made, ...more] = scene.probes;
      assert.deepEqual(more, []);
      assert.deepEqual([made?.channel.from, made?.body], [channel.from, request(probe)]);
      assert.equal(made?.password, credential.password);
    });
  }

  for (const [name, channelIn, probe] of [
    ['a SYN over UDP', overUdp, 'unsolicited-syn'],
    ['a simultaneous open over UDP', overUdp, 'simultaneous-open'],
    ['a datagram over TCP', overTcp, 'unsolicited-datagram'],
  ] as const) {
    it(`for ${name} is refused: that port may be another host's`, () => {
      const { scene, ask } = asking(channelIn);
      assert.equal(theOnly(ask(request(probe)), 'refused').body.code, refusalCodes.badRequest);
      assert.deepEqual(scene.probes, []);
    });
  }

  it('without a nonce of its own channel is refused: its source may be forged', () => {
    const { scene } = asking(overTcp);
    const elsewhere = scene.nonceFor(scene.udp('192.0.2.7:5000'));
    for (const nonce of [null, elsewhere]) {
      const outcome = scene.say(scene.udp('198.51.100.9:53'), request('unsolicited-datagram'), {
        ...credential,
        nonce,
      });
      theOnly(outcome, 'refused');
    }
    assert.deepEqual(scene.probes, []);
  });

  it('is refused when one agent asks again and again, from whatever ports', () => {
    const scene = new Scene();
    const refused: number[] = [];
    for (let i = 0; i < 40; i++) {
      const channel = scene.connect(`198.51.100.1:${40_000 + i}`);
      const nonce = scene.nonceFor(channel);
      const { sent } = scene.say(channel, request('unsolicited-syn'), { ...credential, nonce });
      refused.push(...sent.flatMap(({ body }) => (body.kind === 'refused' ? [body.code] : [])));
    }
    assert.equal(scene.probes.length, 20);
    assert.deepEqual(refused, Array(20).fill(refusalCodes.tooMany));
    scene.pass(5000);
    const channel = scene.connect('198.51.100.1:50000');
    const nonce = scene.nonceFor(channel);
    scene.say(channel, request('unsolicited-syn'), { ...credential, nonce });
    assert.equal(scene.probes.length, 21);
  });
});
