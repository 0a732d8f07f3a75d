/** The same items, one of each owner after the other: an owner with many holds back no other's first. Keeps each one's order. */
export function roundRobin<T>(items: readonly T[], ownerOf: (item: T) => string): readonly T[] {
  const byOwner = [...Map.groupBy(items, ownerOf).values()];
  const rounds = Math.max(0, ...byOwner.map((own) => own.length));
  return Array.from({ length: rounds }, (_, n) => byOwner.flatMap((own) => own.slice(n, n + 1))).flat();
}
