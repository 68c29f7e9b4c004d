import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prometheusText } from './text.ts';

test('a family has its help and type once, and a line for each sample', () => {
  const text = prometheusText([
    {
      name: 'a_total',
      help: 'How many.',
      type: 'counter',
      samples: [
        { labels: { one: '1', two: 'b' }, value: 3 },
        { labels: {}, value: 0.5 },
      ],
    },
    { name: 'nothing', help: 'Is left out.', type: 'gauge', samples: [] },
  ]);
  assert.equal(
    text,
    '# HELP a_total How many.\n# TYPE a_total counter\na_total{one="1",two="b"} 3\na_total 0.5\n',
  );
});

test('a name cannot break out of its label', () => {
  const labels = { name: 'a"} 1\nevil{x="\\' };
  const text = prometheusText([{ name: 'a', help: 'b\nc', type: 'gauge', samples: [{ labels, value: 1 }] }]);
  assert.deepEqual(text.split('\n'), [
    '# HELP a b\\nc',
    '# TYPE a gauge',
    'a{name="a\\"} 1\\nevil{x=\\"\\\\"} 1',
    '',
  ]);
});
