import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Expression, parseExpression } from './expression.ts';

const loss20: Expression = {
  kind: 'number',
  bothWays: false,
  quantity: 'lossPercent',
  comparison: '>=',
  value: 20,
};

function parsed(text: string): Expression {
  const result = parseExpression(text);
  assert.ok(result.ok, JSON.stringify(result));
  return result.expression;
}

describe('what v7 writes is understood', () => {
  for (const text of ['((loss >= 20 %))', '((loss >= 20%))', 'loss>=20%', ' ( loss >= 20.0 % ) '])
    test(text, () => assert.deepEqual(parsed(text), loss20));

  test('latency has two names', () => {
    assert.deepEqual(parsed('((latency > 100 ms))'), parsed('((avgLatency > 100 ms))'));
  });

  test('units are of the quantity', () => {
    const value = (text: string) => {
      const expression = parsed(text);
      assert.ok(expression.kind === 'number');
      return expression.value;
    };
    assert.equal(value('((jitter >= 0.5 s))'), 500);
    assert.equal(value('((throughput < 10 Mbps))'), 10_000_000);
    assert.equal(value('((throughput < 64 kbps))'), 64_000);
    assert.equal(value('((dscp != 46))'), 46);
  });

  test('conditions are put together by one operator at a level', () => {
    assert.deepEqual(parsed('((loss >= 20 %) || (latency > 100 ms) || (jitter >= 15 ms))'), {
      kind: 'any',
      terms: [loss20, parsed('latency > 100 ms'), parsed('jitter >= 15 ms')],
    });
    assert.deepEqual(parsed('((loss >= 20 %) && ((latency > 100 ms) || (jitter >= 15 ms)))'), {
      kind: 'all',
      terms: [loss20, parsed('(latency > 100 ms) || (jitter >= 15 ms)')],
    });
  });

  test('metrics of both ways', () => {
    assert.deepEqual(parsed('((bothWaysLoss >= 20 %))'), { ...loss20, bothWays: true });
  });

  test('a problem is there, is a text, contains one of several', () => {
    const problem = { kind: 'problem', bothWays: false, is: 'equal', texts: [''], negated: true };
    assert.deepEqual(parsed('((probDetail != ""))'), problem);
    assert.deepEqual(parsed('((bothWaysProbDetail != ""))'), { ...problem, bothWays: true });
    assert.deepEqual(parsed('((probDetail =~ /NAT traversal|refused/))'), {
      ...problem,
      is: 'containing',
      texts: ['NAT traversal', 'refused'],
      negated: false,
    });
  });
});

const refused: [text: string, at: number, reason: RegExp][] = [
  ['', 1, /end stands where \( or a metric/],
  ['((loss >= 20 %)', 16, /end stands where \)/],
  ['((loss >= 20 %)))', 17, /\) stands where &&/],
  ['((loss >= 20))', 13, /stands where %/],
  ['((loss >= 20 ms))', 14, /ms stands where %/],
  ['((latency >= 20 %))', 17, /% stands where ms, s/],
  ['((loss => 20 %))', 8, /not understood/],
  ['((loss >= many %))', 11, /many stands where a number/],
  ['((hops((hopDelay >= 100 ms))))', 3, /hops is no metric/],
  ['((responseCode >= 400))', 3, /responseCode is no metric/],
  ['((loss >= 20 %) && (latency > 1 ms) || (jitter > 1 ms))', 37, /parentheses/],
  ['((dscp > 46))', 8, /> stands where ==, !=/],
  ['((probDetail != Connect))', 17, /double quotes/],
  ['((probDetail =~ /(a+)+b/))', 18, /"\(" has no meaning/],
  ['((loss >= 20 %)) # and more', 18, /"#" is not understood/],
  ['('.repeat(25), 21, /too many/],
  ['((constructor >= 20 %))', 3, /no metric/],
  ['((latency > 1 constructor))', 15, /ms, s/],
];

describe('what is not understood is refused with its place', () => {
  for (const [text, at, reason] of refused)
    test(text || '(nothing)', () => {
      const result = parseExpression(text);
      assert.ok(!result.ok);
      assert.equal(result.at, at);
      assert.match(result.reason, reason);
    });

  test('any text is answered, and a place within it is named', () => {
    const piece = fc.constantFrom('(', ')', 'loss', '>=', '20', '%', '&&', '||', '"', '/', ' ', 'ms', 'x');
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 60 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (given) => {
        const result = parseExpression(given);
        if (!result.ok) assert.ok(result.at >= 1 && result.at <= given.length + 1);
      }),
      { numRuns: 2000 },
    );
  });
});
