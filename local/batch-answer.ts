/** What a function answered to a batch, read as Lambda's event source mappings read it. */
type Answer = { batchItemFailures?: { itemIdentifier?: unknown }[] | null } | null | undefined;

/**
 * The identifiers that failed, none for no answer or an empty one. As on AWS, an answer that names anything
 * but one of `identifiers`, or has another form, fails the whole batch.
 */
export const failedItems = (answer: unknown, identifiers: string[]): Set<string> => {
  const failures = (answer as Answer)?.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return new Set(identifiers);
  const named = failures.map((failure) => failure?.itemIdentifier);
  const known = named.filter((id): id is string => typeof id === 'string' && identifiers.includes(id));
  return new Set(known.length === named.length ? known : identifiers);
};
