// One HTTP request to an address that a person has configured. It is used as it is: whoever may write may have the
// collector post to any address that it reaches. Nothing of the answer but its status is used.

import type { Clock } from '@pinhole/net';

export type Posted = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** An answer's body is read so far, so that the connection ends well, and no farther. */
const maxAnswerBytes = 65_536;

export interface PostOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

/** Resolves always. Redirects are not followed: they would lead to where nobody has said. */
export async function postJson(url: string, body: string, options: PostOptions): Promise<Posted> {
  const late = new AbortController();
  const timer = options.clock.after(options.timeoutMs, () => late.abort());
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'pinhole', connection: 'close' },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([late.signal, options.signal]),
    });
    await readSome(response);
    if (response.ok) return { ok: true };
    const redirect =
      response.status >= 300 && response.status < 400 ? ', and redirects are not followed' : '';
    return { ok: false, reason: `answered with status ${response.status}${redirect}` };
  } catch (error) {
    if (late.signal.aborted) return { ok: false, reason: `no answer within ${options.timeoutMs / 1000} s` };
    return { ok: false, reason: reasonOf(error) };
  } finally {
    timer.cancel();
  }
}

async function readSome({ body }: Response): Promise<void> {
  const reader = body?.getReader();
  let size = 0;
  while (reader !== undefined && size < maxAnswerBytes) {
    const read = await reader.read();
    if (read.done) return;
    size += read.value.length;
  }
  await reader?.cancel();
}

/** fetch says "fetch failed", and in its cause what has. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
