// Reports go to the collector with results, in bodies of a limited size: evidence is cut to what a person reads.

import type { Evidence } from '@pinhole/nat';

/** 32 facts with so much evidence are below 250 kB; the body of a check-in may have 1 MiB. */
const maxEvidence = 8;
const maxSentChars = 200;
const maxReceivedChars = 800;

/** The same with the evidence in it cut, at any depth. */
export function bounded<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(bounded) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === 'evidence' ? (member as readonly Evidence[]).slice(0, maxEvidence).map(cut) : bounded(member),
    ]),
  ) as Value;
}

function cut({ sent, received }: Evidence): Evidence {
  return { sent: sent.slice(0, maxSentChars), received: received.slice(0, maxReceivedChars) };
}
