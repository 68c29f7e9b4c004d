import type { Session } from '@pinhole/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { sessionQuery, signOut } from '../api/session.ts';
import { PasswordDialog } from '../people/password-dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { Menu, MenuItem } from '../ui/menu.tsx';
import { useToast } from '../ui/toast.tsx';

export function AccountMenu({ session }: { session: Session }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const [isChanging, setIsChanging] = useState(false);
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: async () => {
      await navigate({ to: '/sign-in' });
      queries.clear();
      queries.setQueryData(sessionQuery.queryKey, null);
    },
    onError: (error) => toast.failed('You are still signed in', error.message),
  });
  return (
    <>
      <Menu
        trigger={
          <button
            type="button"
            className="flex w-full cursor-pointer items-center gap-2.5 rounded-md px-2 py-1.5 text-left text-muted hover:bg-hover hover:text-ink"
          >
            <Icon name="person" />
            <span className="min-w-0 flex-1 truncate">
              <span className="sr-only">Account of </span>
              {session.name}
            </span>
            {session.access === 'read' && <span className="text-xs">may read</span>}
          </button>
        }
      >
        <MenuItem icon="key" onClick={() => setIsChanging(true)}>
          Change password
        </MenuItem>
        <MenuItem icon="sign-out" onClick={() => leave.mutate()}>
          Sign out
        </MenuItem>
      </Menu>
      <PasswordDialog open={isChanging} onClose={() => setIsChanging(false)} />
    </>
  );
}
