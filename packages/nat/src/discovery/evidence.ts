// The words of the evidence: what was sent where, and what came back.

import { type Endpoint, formatEndpoint } from '@pinhole/wire';
import type { Results } from './plan.ts';
import type { Evidence, Fact } from './report.ts';
import type { Ask, Outcome, Question } from './state.ts';

/** The evidence of these questions, as far as they were asked. */
export function evidenceOf(results: Results, ids: readonly string[]): Evidence[] {
  return ids.flatMap((id) => {
    const settled = results.get(id);
    return settled === undefined
      ? []
      : [{ sent: sentWords(settled.question), received: receivedWords(settled.outcome) }];
  });
}

export function fact<Value>(value: Value, evidence: readonly Evidence[]): Fact<Value> {
  return { value, evidence };
}

function sentWords({ transport, slot, to, ask }: Question): string {
  const port = slot === 'test' ? 'the test port' : 'a fresh port';
  return `${askWords(ask)} over ${transport.toUpperCase()} from ${port} to ${formatEndpoint(to)}`;
}

function askWords(ask: Ask): string {
  switch (ask.kind) {
    case 'connect':
      return 'SYN';
    case 'probe':
      return `Probe (${ask.probe}${ask.changeAddress ? ', from the other address' : ''})`;
    case 'binding': {
      const { changeAddress, changePort } = ask;
      if (!changeAddress && !changePort) return 'Binding';
      const changed = [...(changeAddress ? ['address'] : []), ...(changePort ? ['port'] : [])].join(' and ');
      return `Binding, to be answered from another ${changed},`;
    }
  }
}

function receivedWords(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'bound':
      return `seen as ${formatEndpoint(outcome.mapped)}, answered from ${formatEndpoint(outcome.from)}`;
    case 'probed': {
      const from: Endpoint | null = outcome.from;
      const where = from === null ? '' : `, from ${formatEndpoint(from)}`;
      return `${outcome.result} after ${Math.round(outcome.elapsedMs)} ms${where}`;
    }
    case 'heard':
      return `arrived at another port of this host, from ${formatEndpoint(outcome.from)}`;
    case 'connected':
      return 'connected';
    case 'failed':
      return outcome.detail;
  }
}
