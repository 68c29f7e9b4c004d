import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { attributeLoss, type NumberedReply } from './attribution.ts';

/** `3:2` is a reply to probe 3 with the reflector's number 2. */
const repliesIn = (text: string): NumberedReply[] =>
  text.split(' ').map((each) => {
    const [probe = 0, sequence = 0] = each.split(':').map(Number);
    return { probe, sequence };
  });

describe('loss by direction', () => {
  for (const [name, sent, replies, forward, backward, unknown] of [
    ['nothing lost', 3, '0:0 1:1 2:2', 0, 0, 0],
    ['on the way there: the numbers have no gap', 6, '0:0 2:1 3:2 5:3', 2, 0, 0],
    ['on the way back: one number is missing', 6, '0:0 2:1 3:2 5:4', 1, 1, 0],
    ['the first probe, there', 3, '1:0 2:1', 1, 0, 0],
    ['the first reply', 4, '1:1 2:2 3:2', 0, 1, 0],
    ['behind the last reply: either', 6, '0:0 2:1 3:2', 1, 0, 2],
    ['a probe that the way there repeated', 4, '0:0 1:1 1:2 3:3', 1, 0, 0],
    ['of a repeated probe both replies, and two others none', 5, '0:0 1:1 1:2 4:5', 0, 2, 0],
    ['replies in another order', 6, '5:4 0:0 3:2 2:1', 1, 1, 0],
    ['a reflector that counts on from another round', 6, '0:70 2:71 3:72 5:74', 1, 1, 0],
    ['the same, and what was lost before its first reply', 6, '2:71 3:72 5:73', 1, 0, 2],
  ] as const)
    test(name, () => {
      const found = repliesIn(replies);
      const answered = new Set(found.map(({ probe }) => probe));
      const lost = Array.from({ length: sent }, (_, i) => i).filter((i) => !answered.has(i));
      assert.deepEqual(attributeLoss(found, lost, false), { forward, backward, unknown });
    });

  test('is not told by numbers that are the probes’ own', () => {
    assert.equal(attributeLoss(repliesIn('0:0 2:2 3:3'), [1], false), null);
  });

  test('is told by them where the reflector is known to count: nothing was lost there', () => {
    const found = attributeLoss(repliesIn('0:0 2:2 3:3'), [1], true);
    assert.deepEqual(found, { forward: 0, backward: 1, unknown: 0 });
  });

  test('is not told by nothing', () => {
    assert.equal(attributeLoss([], [0, 1, 2], true), null);
  });
});
