// The expressions of alert rules, as v7 writes them for agent-to-agent tests:
//
//   ((loss >= 20 %))                                 ((latency > 100 ms) && (jitter >= 15 ms))
//   ((throughput < 10 Mbps) || (probDetail != ""))   ((bothWaysLoss >= 5%))
//
//   expression = term *( "&&" term ) / term *( "||" term )     one kind of operator at a level; parentheses mix them
//   term       = "(" expression ")" / condition
//   condition  = metric comparison number [unit]
//              / problem ( "==" / "!=" ) string / problem ( "=~" / "!~" ) pattern
//   pattern    = "/" text *( "|" text ) "/"                     contains one of the texts
//
// A pattern is no regular expression: those can take for ever, and a rule is judged whenever a result comes in.

export type Comparison = '<' | '<=' | '==' | '!=' | '>=' | '>';

/** Metrics with a number. Those of both ways take both directions of a pair's round together. */
export const numberMetrics = {
  loss: { quantity: 'lossPercent', units: { '%': 1 } },
  latency: { quantity: 'latencyMs', units: { ms: 1, s: 1000 } },
  jitter: { quantity: 'jitterMs', units: { ms: 1, s: 1000 } },
  throughput: { quantity: 'throughputBps', units: { bps: 1, kbps: 1e3, mbps: 1e6, gbps: 1e9 } },
  dscp: { quantity: 'dscp', units: {} },
} as const;
export type Quantity = (typeof numberMetrics)[keyof typeof numberMetrics]['quantity'];

export type Condition =
  | {
      readonly kind: 'number';
      readonly bothWays: boolean;
      readonly quantity: Quantity;
      readonly comparison: Comparison;
      /** In the quantity's own unit. */
      readonly value: number;
    }
  /** Whether the round's problem, the empty text where it has none, is one of these texts or contains one. */
  | {
      readonly kind: 'problem';
      readonly bothWays: boolean;
      readonly is: 'equal' | 'containing';
      readonly texts: readonly string[];
      readonly negated: boolean;
    };

export type Expression = Condition | { readonly kind: 'all' | 'any'; readonly terms: readonly Expression[] };

export type Parsed =
  | { readonly ok: true; readonly expression: Expression }
  /** `at`: the character that could not be read, counted from 1. */
  | { readonly ok: false; readonly at: number; readonly reason: string };

type Token = { readonly kind: 'word' | 'number' | 'string' | 'pattern' | 'sign' | 'end' } & {
  readonly text: string;
  readonly at: number;
};

const tokenPattern =
  /\s*(?:(?<number>\d{1,12}(?:\.\d{1,6})?)|(?<word>[A-Za-z]+|%)|"(?<string>[^"]{0,200})"|\/(?<pattern>[^/]{1,200})\/|(?<sign>&&|\|\||[<>=!]=|[=!]~|[<>()]))/y;

/** Deeper ones nobody has written by hand. */
const maxDepth = 20;

class SyntaxFault extends Error {
  readonly code = 'expression-not-understood';
  readonly at: number;

  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
  }
}

/** Bounded by the text's length, which the contract bounds. */
export function parseExpression(text: string): Parsed {
  try {
    return { ok: true, expression: new Parser(tokens(text)).whole() };
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    return { ok: false, at: error.at + 1, reason: error.message };
  }
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  tokenPattern.lastIndex = 0;
  for (;;) {
    const from = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    if (match === null) {
      const rest = text.slice(from);
      const at = from + (rest.length - rest.trimStart().length);
      if (at < text.length) throw new SyntaxFault(at, `"${text[at]}" is not understood here`);
      found.push({ kind: 'end', text: 'the end', at: text.length });
      return found;
    }
    const [kind, value] = Object.entries(match.groups!).find(([, each]) => each !== undefined)!;
    const at = from + (match[0].length - match[0].trimStart().length);
    found.push({ kind: kind as Token['kind'], text: value!, at });
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(all: readonly Token[]) {
    this.#tokens = all;
  }

  whole(): Expression {
    const expression = this.#expression();
    const rest = this.#take();
    if (rest.kind !== 'end') throw unexpected(rest, '&&, || or the end');
    return expression;
  }

  #expression(): Expression {
    const terms = [this.#term()];
    let operator: Token | null = null;
    while (this.#peek().text === '&&' || this.#peek().text === '||') {
      const next = this.#take();
      if (operator !== null && operator.text !== next.text)
        throw new SyntaxFault(next.at, '&& and || together need parentheses that say which comes first');
      operator = next;
      terms.push(this.#term());
    }
    return operator === null ? terms[0]! : { kind: operator.text === '&&' ? 'all' : 'any', terms };
  }

  #term(): Expression {
    const token = this.#take();
    if (token.kind === 'word') return this.#condition(token);
    if (token.text !== '(' || token.kind !== 'sign') throw unexpected(token, '( or a metric');
    this.#depth += 1;
    if (this.#depth > maxDepth) throw new SyntaxFault(token.at, 'too many parentheses within one another');
    const inner = this.#expression();
    const closing = this.#take();
    if (closing.text !== ')') throw unexpected(closing, ')');
    this.#depth -= 1;
    return inner;
  }

  #condition(metric: Token): Condition {
    const bothWays = metric.text.startsWith('bothWays');
    const name = bothWays ? lowerFirst(metric.text.slice('bothWays'.length)) : metric.text;
    if (name === 'probDetail') return this.#problem(bothWays);
    // v7 calls the same avgLatency in other kinds of tests, and its clients write that too.
    const known = name === 'avgLatency' ? 'latency' : name;
    if (!isNumberMetric(known) || (bothWays && known === 'dscp'))
      throw new SyntaxFault(metric.at, `${metric.text} is no metric that agent-to-agent tests have here`);
    const { quantity, units } = numberMetrics[known];
    const comparison = this.#sign(known === 'dscp' ? ['==', '!='] : ['<', '<=', '==', '!=', '>=', '>']);
    const number = this.#take();
    if (number.kind !== 'number') throw unexpected(number, 'a number');
    const value = Number(number.text) * this.#unit(units);
    return { kind: 'number', bothWays, quantity, comparison: comparison as Comparison, value };
  }

  /** How many of the quantity's own unit the unit that follows is. */
  #unit(units: Readonly<Record<string, number>>): number {
    const names = Object.keys(units);
    if (names.length === 0) return 1;
    const unit = this.#take();
    const name = unit.text.toLowerCase();
    if (unit.kind !== 'word' || !Object.hasOwn(units, name)) throw unexpected(unit, names.join(', '));
    return units[name]!;
  }

  #problem(bothWays: boolean): Condition {
    const sign = this.#sign(['==', '!=', '=~', '!~']);
    const negated = sign.startsWith('!');
    const value = this.#take();
    if (!sign.endsWith('~')) {
      if (value.kind !== 'string') throw unexpected(value, 'a text in double quotes');
      return { kind: 'problem', bothWays, is: 'equal', texts: [value.text], negated };
    }
    if (value.kind !== 'pattern') throw unexpected(value, 'a pattern as /text/ or /text|text/');
    const special = /[\\^$.*+?()[\]{}]/.exec(value.text);
    if (special !== null)
      throw new SyntaxFault(
        value.at + 1 + special.index,
        `"${special[0]}" has no meaning here: a pattern is texts with | between them`,
      );
    return { kind: 'problem', bothWays, is: 'containing', texts: value.text.split('|'), negated };
  }

  #sign(allowed: readonly string[]): string {
    const token = this.#take();
    if (token.kind !== 'sign' || !allowed.includes(token.text)) throw unexpected(token, allowed.join(', '));
    return token.text;
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#next += 1;
    return token;
  }
}

function unexpected(token: Token, wanted: string): SyntaxFault {
  return new SyntaxFault(token.at, `${token.text} stands where ${wanted} is expected`);
}

function isNumberMetric(name: string): name is keyof typeof numberMetrics {
  return Object.hasOwn(numberMetrics, name);
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** All conditions of an expression, in their order. */
export function conditionsOf(expression: Expression): Condition[] {
  return 'terms' in expression ? expression.terms.flatMap(conditionsOf) : [expression];
}
