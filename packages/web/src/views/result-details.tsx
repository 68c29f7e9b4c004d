// Everything that is known of one direction of one pair in one round.

import { dscpIds, dscpLabel, errorCatalogue, type NetworkResult, type OneDirection } from '@pinhole/contract';
import { Link } from '@tanstack/react-router';
import { Disclosure, Fact, Facts, Icon } from '../ui/index.ts';
import { bound, directionLabels, megabits, milliseconds, none, percent } from './format.ts';
import type { PairRow } from './rows.ts';

const methodWords = {
  direct: 'direct: the target has an address that lets the source in',
  punched: 'punched: both sent to each other through their NATs',
  predicted: 'predicted: to the port that a sequential NAT would give next',
  searched: 'searched: many ports were tried, and some were open',
} as const;

/** The sentence, whose side is meant, and below a click the reasons, what was seen and what to do. */
export function RoundError({ result }: { result: NetworkResult }) {
  const { errorCode, errorParty, errorDetails, errorReasons, errorEvidence, agent, targetAgent } = result;
  if (errorCode === undefined) return null;
  const entry = errorCatalogue[errorCode];
  const party = errorParty === 'source' ? agent : targetAgent;
  return (
    <div className="flex items-start gap-1.5">
      <Icon name="warning" className="mt-0.5 text-bad" />
      <div className="min-w-0">
        <p className="font-medium text-bad">
          {errorDetails ?? entry.sentence.replace('{party}', errorParty ?? '')}
        </p>
        {errorParty !== undefined && (
          <p className="text-muted">
            The {errorParty} is{' '}
            <Link to="/agents/$agentId" params={{ agentId: party.agentId }} className="text-link">
              {party.agentName ?? `agent ${party.agentId}`}
            </Link>
            .
          </p>
        )}
        <Disclosure summary="Why, and what to do" className="mt-0.5">
          <div className="flex flex-col gap-2">
            {errorEvidence !== undefined && (
              <div>
                <h4 className="font-medium">What was seen</h4>
                <p className="font-mono text-xs break-words">{errorEvidence}</p>
              </div>
            )}
            <div>
              <h4 className="font-medium">{errorReasons === undefined ? 'Likely causes' : 'Why'}</h4>
              <ul className="list-disc pl-4">
                {(errorReasons ?? entry.causes).map((cause) => (
                  <li key={cause}>{cause}</li>
                ))}
              </ul>
            </div>
            <div>
              <h4 className="font-medium">What to do</h4>
              <p>{entry.advice}</p>
            </div>
          </div>
        </Disclosure>
      </div>
    </div>
  );
}

export function ResultDetails({ row, direction }: { row: PairRow; direction: OneDirection }) {
  const result = row.results[direction];
  return (
    <div className="min-w-0 rounded-md border border-line bg-surface p-3">
      <h3 className="mb-1 font-medium">
        {directionLabels[direction]}: {direction === 'to-target' ? row.sourceName : row.targetName} →{' '}
        {direction === 'to-target' ? row.targetName : row.sourceName}
      </h3>
      {result === null ? (
        <p className="text-muted">No result of this direction.</p>
      ) : result.errorCode !== undefined ? (
        <RoundError result={result} />
      ) : (
        <Measured result={result} />
      )}
    </div>
  );
}

function Measured({ result }: { result: NetworkResult }) {
  const { measurement, tcp, throughputDetails } = result;
  const clock = measurement?.clock ?? null;
  const delay = measurement?.delay ?? null;
  return (
    <Facts>
      <Fact name="Packets">
        {measurement === undefined
          ? none
          : `${measurement.received} of ${measurement.sent} received (loss ${percent(measurement.lossPercent)}), ${measurement.late} late, ${measurement.duplicates} duplicate, ${measurement.reordered} reordered`}
      </Fact>
      <Fact name="Latency, one-way">
        mean {milliseconds(result.avgLatency)}, least {milliseconds(result.minLatency)}, median{' '}
        {milliseconds(result.medianLatency)}, 95th percentile {milliseconds(result.p95Latency)}, greatest{' '}
        {milliseconds(result.maxLatency)}
        <span className="block text-muted">
          {result.latencyErrorBound === undefined
            ? 'The clocks could not be compared: only differences between these mean something.'
            : `Each lies within ${bound(result.latencyErrorBound)} of the true value.`}
        </span>
      </Fact>
      <Fact name="Round trip">
        mean {milliseconds(result.avgRoundTrip)}, least {milliseconds(result.minRoundTrip)}, median{' '}
        {milliseconds(result.medianRoundTrip)}, 95th percentile {milliseconds(result.p95RoundTrip)}, greatest{' '}
        {milliseconds(result.maxRoundTrip)}
      </Fact>
      <Fact name="Jitter">
        {milliseconds(result.jitter)} mean deviation, {milliseconds(result.pdv95)} PDV (95th percentile),{' '}
        {milliseconds(delay?.rfc3550JitterMs)} by RFC 3550
      </Fact>
      {throughputDetails !== undefined && (
        <Fact name="Throughput">
          {throughputDetails.outcome === 'measured'
            ? `${megabits(throughputDetails.bitsPerSecond / 1e6)}, for ${(throughputDetails.durationMs / 1000).toFixed(1)} s${throughputDetails.lossPercent === null ? '' : `, loss ${percent(throughputDetails.lossPercent)}`}`
            : throughputDetails.reason === 'busy'
              ? 'Not measured: one of the agents was measuring another throughput.'
              : 'Not measured: it failed.'}
        </Fact>
      )}
      <Fact name="Connection">
        {result.method === undefined ? none : methodWords[result.method]}
        {result.connectMs !== undefined && `, in ${milliseconds(result.connectMs)}`}
        {result.server !== undefined && <span className="block text-muted">target at {result.server}</span>}
      </Fact>
      {tcp !== undefined && (
        <Fact name="TCP">
          {tcp.retransmissions} {tcp.retransmissions === 1 ? 'retransmission' : 'retransmissions'}, round trip{' '}
          {milliseconds(tcp.roundTripMs)} (deviation {milliseconds(tcp.roundTripDeviationMs)}), MSS {tcp.mss}
          {tcp.pathMtu !== null && `, path MTU ${tcp.pathMtu}`}
        </Fact>
      )}
      <Fact name="Arrived with">{dscpText(measurement?.arrivedDscp ?? null)}</Fact>
      <Fact name="Clocks">
        {clock === null
          ? 'Not compared in this round.'
          : `The sender's is ${milliseconds(Math.abs(clock.offsetMs))} ${clock.offsetMs < 0 ? 'behind' : 'ahead of'} the receiver's and runs ${Math.abs(clock.skewPpm).toFixed(1)} ppm ${clock.skewPpm < 0 ? 'slower' : 'faster'}.`}
        {clock !== null && clock.steppedByMs !== null && (
          <span className="block text-warn">
            A clock was set anew, by {milliseconds(clock.steppedByMs)}: compare the latency with that of
            rounds before with care.
          </span>
        )}
      </Fact>
    </Facts>
  );
}

function dscpText(value: number | null): string {
  if (value === null) return 'a DSCP that the system does not tell';
  const known = dscpIds.find((id) => id === String(value));
  return known === undefined ? `DSCP ${value}` : dscpLabel(known);
}
