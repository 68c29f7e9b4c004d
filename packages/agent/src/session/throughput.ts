// Which messages of a session are about throughput. They are for who measures it (throughput/), after the probes.

import type { SessionBody } from '@pinhole/wire';

/** What the peer says about throughput. */
export interface ThroughputMessage {
  readonly transactionId: Uint8Array;
  readonly body: Extract<
    SessionBody,
    { kind: 'throughput' | 'granted' | 'arrived' | 'finish' | 'finished' | 'refused' }
  >;
}

export function isAboutThroughput(body: SessionBody): body is ThroughputMessage['body'] {
  switch (body.kind) {
    case 'throughput':
    case 'granted':
    case 'arrived':
    case 'finish':
    case 'finished':
      return true;
    case 'refused':
      return body.method === 'throughput';
    default:
      return false;
  }
}
