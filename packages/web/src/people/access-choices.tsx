import type { Access } from '@pinhole/contract';
import { Choices } from '../ui/index.ts';

export const accessWords: Readonly<Record<Access, string>> = {
  read: 'Reading',
  write: 'Reading and writing',
};

export function AccessChoices({ value, onChange }: { value: Access; onChange: (value: Access) => void }) {
  return (
    <div>
      <p aria-hidden="true" className="mb-1.5 font-medium">
        Access
      </p>
      <Choices
        label="Access"
        layout="column"
        value={value}
        options={[
          {
            value: 'read',
            label: accessWords.read,
            hint: 'Sees everything but secrets, and changes nothing.',
          },
          { value: 'write', label: accessWords.write, hint: 'May do everything.' },
        ]}
        onChange={onChange}
      />
    </div>
  );
}
