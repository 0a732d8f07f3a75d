/** Shared by the demos: numbered steps, calls, and checks. */

type JsonObject = Record<string, unknown>;

/** An HTTP response. `json` is the parsed body, in the shape that the caller of `call` names. */
export type Answer<Json = JsonObject> = { status: number; headers: Headers; text: string; json: Json };

let steps = 0;

export const title = (text: string): void => {
  steps += 1;
  console.log(`\n${steps}. ${text}`);
};

export const call = async <Json = JsonObject>(
  method: string,
  url: string,
  options: { token?: string; body?: object } = {},
): Promise<Answer<Json>> => {
  const response = await fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
    },
    ...(options.body ? { body: JSON.stringify(options.body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) as Json };
};

export const show = ({ status, headers, json }: Answer): void => {
  const replayed = headers.get('idempotent-replayed');
  console.log(`   ← ${status}${replayed ? `  Idempotent-Replayed: ${replayed}` : ''}`);
  console.log(JSON.stringify(json, null, 2).replace(/^/gm, '     '));
};

export const holds = (claim: string, isSo: boolean): void => {
  console.log(`   ${isSo ? '✓' : '✗'} ${claim}`);
  if (!isSo) throw new Error(`this step failed: ${claim}`);
};

const PATIENCE_MS = 20_000;

/** Polls until `isSo` is true, for at most 20 seconds: work behind the API takes a moment. */
export const until = async <Json>(
  ask: () => Promise<Answer<Json>>,
  isSo: (answer: Answer<Json>) => boolean,
): Promise<Answer<Json>> => {
  const givenUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (isSo(answer) || Date.now() > givenUpAt) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
