// From where on something is doubtful or bad: by default, or as the address bar has it.

import { useState } from 'react';
import { metricLabels, metricUnits } from '../timeline/metric.ts';
import { Button, Field, NumberInput } from '../ui/index.ts';
import { defaultHopLoss, defaultLinkDelayMs, defaultThresholds, type Thresholds } from './health.ts';
import { viewsDefaults } from './search.ts';
import { useView } from './use-view.ts';

export function useThresholds(): { agent: Thresholds; hopLoss: number; linkDelayMs: number } {
  const { search } = useView();
  const defaults = defaultThresholds[search.metric ?? viewsDefaults.metric];
  return {
    agent: { warn: search.warn ?? defaults.warn, bad: search.bad ?? defaults.bad },
    hopLoss: search.hopLoss ?? defaultHopLoss,
    linkDelayMs: search.linkDelay ?? defaultLinkDelayMs,
  };
}

export function ThresholdFields() {
  const { search, change } = useView();
  const { agent, hopLoss, linkDelayMs } = useThresholds();
  const metric = search.metric ?? viewsDefaults.metric;
  const unit = metricUnits[metric];
  const side = metric === 'throughput' ? 'down to' : 'from';
  return (
    <div className="flex flex-wrap items-end gap-x-5 gap-y-3">
      <ThresholdField
        key={`warn ${agent.warn}`}
        label={`Agent doubtful, ${metricLabels[metric].toLowerCase()} ${side}`}
        unit={unit}
        value={agent.warn}
        onChange={(warn) => change({ warn })}
      />
      <ThresholdField
        key={`bad ${agent.bad}`}
        label={`Agent bad, ${metricLabels[metric].toLowerCase()} ${side}`}
        unit={unit}
        value={agent.bad}
        onChange={(bad) => change({ bad })}
      />
      <ThresholdField
        key={`loss ${hopLoss}`}
        label="Red ring, hop's loss over"
        unit="%"
        value={hopLoss}
        onChange={(next) => change({ hopLoss: next })}
      />
      <ThresholdField
        key={`delay ${linkDelayMs}`}
        label="Red link, delay over"
        unit="ms"
        value={linkDelayMs}
        onChange={(next) => change({ linkDelay: next })}
      />
      <Button
        onClick={() => change({ warn: undefined, bad: undefined, hopLoss: undefined, linkDelay: undefined })}
      >
        Defaults
      </Button>
    </div>
  );
}

function ThresholdField({
  label,
  unit,
  value,
  onChange,
}: {
  label: string;
  unit: string;
  value: number;
  onChange: (value: number) => void;
}) {
  const [typed, setTyped] = useState(String(value));
  const number = Number(typed.replace(',', '.'));
  const isValid = typed.trim() !== '' && number >= 0 && number <= 1_000_000;
  const keep = () => {
    if (isValid && number !== value) onChange(number);
  };
  return (
    <Field label={label} error={isValid ? undefined : 'A number from 0 to 1000000'}>
      {(control) => (
        <NumberInput
          {...control}
          className="w-24"
          inputMode="decimal"
          unit={unit}
          value={typed}
          onChange={setTyped}
          onBlur={keep}
          onKeyDown={(event) => {
            if (event.key === 'Enter') keep();
          }}
        />
      )}
    </Field>
  );
}
