// What has been done, told in a corner; errors of what was asked for stand where it was asked instead.

import { Toast as Base } from '@base-ui/react/toast';
import type { ReactNode } from 'react';
import { IconButton } from './button.tsx';
import { Icon } from './icon.tsx';

export function ToastProvider({ children }: { children: ReactNode }) {
  return (
    <Base.Provider timeout={6000}>
      {children}
      <Base.Portal>
        <Base.Viewport className="fixed right-4 bottom-4 z-50 flex w-80 max-w-[calc(100vw-2rem)] flex-col gap-2">
          <Toasts />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

function Toasts() {
  const { toasts } = Base.useToastManager();
  return toasts.map((toast) => (
    <Base.Root
      key={toast.id}
      toast={toast}
      className="rounded-md border border-line bg-raised shadow-raised transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0"
    >
      <Base.Content className="flex items-start gap-2.5 px-3 py-2.5">
        <Icon
          name={toast.type === 'error' ? 'warning' : 'good'}
          className={`mt-0.5 ${toast.type === 'error' ? 'text-bad' : 'text-good'}`}
        />
        <div className="min-w-0 flex-1">
          <Base.Title className="font-medium" />
          <Base.Description className="text-sm text-muted" />
        </div>
        <Base.Close render={<IconButton icon="close" label="Dismiss" size="s" />} />
      </Base.Content>
    </Base.Root>
  ));
}

/** Tells by a toast: `done('Agent saved')`, `failed('Agent not saved', error.message)`. */
export function useToast() {
  const { add } = Base.useToastManager();
  return {
    done: (title: string, description?: string) => add({ title, description, type: 'done' }),
    failed: (title: string, description?: string) =>
      add({ title, description, type: 'error', priority: 'high', timeout: 12_000 }),
  };
}
