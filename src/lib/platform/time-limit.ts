/**
 * Runs a call within `ms` milliseconds. After that it rejects with a TimeoutError and aborts the signal. The timer ends
 * with the call, unlike that of `AbortSignal.timeout`, which would run on into a later invocation.
 */
export async function withinMs<T>(ms: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const end = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      end.abort();
      reject(Object.assign(new Error(`no answer in ${ms} ms`), { name: 'TimeoutError' }));
    }, ms);
  });
  try {
    return await Promise.race([call(end.signal), over]);
  } finally {
    clearTimeout(timer);
  }
}
