/** Reads a function's response to a batch as Lambda's event source mappings do. */
type Answer = { batchItemFailures?: { itemIdentifier?: unknown }[] | null } | null | undefined;

/**
 * The identifiers that failed; none if the response is missing or empty. As on AWS, a malformed response, or one that
 * names anything outside `identifiers`, fails the whole batch.
 */
export const failedItems = (answer: unknown, identifiers: string[]): Set<string> => {
  const failures = (answer as Answer)?.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return new Set(identifiers);
  const named = failures.map((failure) => failure?.itemIdentifier);
  const known = named.filter((id): id is string => typeof id === 'string' && identifiers.includes(id));
  return new Set(known.length === named.length ? known : identifiers);
};
