/** JSON over HTTP to a control API; what is no 2xx rejects with the answer's own words. */
export const callJson = async <Result>(method: string, url: string, body?: unknown): Promise<Result> => {
  const response = await fetch(url, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as Result;
};
