import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { sessionQuery, signIn } from '../api/session.ts';
import mark from '../app/pinhole.svg';
import { Button } from '../ui/button.tsx';
import { Field, TextInput } from '../ui/field.tsx';
import { Notice } from '../ui/status.tsx';
import { signInSentence } from './sentence.ts';

export function SignInPage() {
  const { to } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const attempt = useMutation({
    mutationFn: () => signIn(name, password),
    onSuccess: async (session) => {
      queries.setQueryData(sessionQuery.queryKey, session);
      await navigate({ href: to ?? '/views', replace: true });
    },
  });

  useEffect(() => {
    document.title = 'Sign in – Pinhole';
  }, []);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!attempt.isPending) attempt.mutate();
  }

  return (
    <main id="main" className="flex min-h-dvh items-start justify-center px-4 pt-[14dvh] pb-8">
      <div className="w-full max-w-88">
        <div className="mb-6 flex items-center gap-3">
          <img src={mark} alt="" className="size-9" />
          <div>
            <h1 className="text-xl font-semibold">Sign in to Pinhole</h1>
            <p className="text-sm text-muted">The network between your machines</p>
          </div>
        </div>
        <form onSubmit={submit} className="flex flex-col gap-4 rounded-lg border border-line bg-surface p-5">
          <div role="alert" className="empty:hidden">
            {attempt.error !== null && <Notice tone="bad" title={signInSentence(attempt.error)} />}
          </div>
          <Field label="Name">
            {(control) => (
              <TextInput
                {...control}
                name="username"
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                required
                autoFocus
                value={name}
                onChange={setName}
              />
            )}
          </Field>
          <Field label="Password">
            {(control) => (
              <TextInput
                {...control}
                type="password"
                name="password"
                autoComplete="current-password"
                required
                value={password}
                onChange={setPassword}
              />
            )}
          </Field>
          <Button type="submit" variant="primary" busy={attempt.isPending}>
            Sign in
          </Button>
        </form>
        <p className="mt-4 text-sm text-muted">
          The first time, the name is <code className="font-mono">admin</code>, and the password stands in the
          file <code className="font-mono">admin-password</code> of the collector's data folder.
        </p>
      </div>
    </main>
  );
}
