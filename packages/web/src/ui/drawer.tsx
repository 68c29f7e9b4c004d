import { Dialog as Base } from '@base-ui/react/dialog';
import type { ReactNode } from 'react';
import { IconButton } from './button.tsx';

interface DrawerProps {
  onClose: () => void;
  title: ReactNode;
  /** Beside the title. */
  status?: ReactNode;
  children: ReactNode;
}

/** A panel at the right edge, over the list it belongs to. Open as long as it is rendered: the address bar decides. */
export function Drawer({ onClose, title, status, children }: DrawerProps) {
  return (
    <Base.Root open onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/30 transition-opacity duration-150 data-starting-style:opacity-0" />
        <Base.Popup className="fixed inset-y-0 right-0 z-40 flex w-[44rem] max-w-full flex-col border-l border-line bg-surface shadow-raised outline-none transition-transform duration-200 data-starting-style:translate-x-8">
          <header className="flex items-center justify-between gap-4 border-b border-line px-5 py-3">
            <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
              <Base.Title className="truncate text-lg font-semibold">{title}</Base.Title>
              {status}
            </div>
            <Base.Close render={<IconButton icon="close" label="Close" />} />
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
