/** An inbound message's id and times, kept so that a repeated webhook has the same effect as the first. */
export interface InboundRecord {
  readonly id: string;
  readonly writtenAt: Date;
  /** When it first arrived. Version 0.1 did not keep it. */
  readonly seenAt?: Date | undefined;
  /** Its index among the entries of its callback. Earlier versions did not keep it. */
  readonly place?: number | undefined;
  /** The business number that it was written to. Earlier versions did not keep it. */
  readonly business?: string | undefined;
}

type Arrival = Pick<InboundRecord, 'seenAt' | 'place'>;

/** Are these messages to two numbers, with one id? A callback about one number must not hide another number's message. */
export function isOfAnotherNumber(
  a: Pick<InboundRecord, 'business'>,
  b: Pick<InboundRecord, 'business'>,
): boolean {
  return a.business !== undefined && b.business !== undefined && a.business !== b.business;
}

/** Did the first copy of a message arrive before the second? An unknown arrival counts as the first. */
export function isEarlier(a: Arrival, b: Arrival): boolean {
  if (!a.seenAt || !b.seenAt) return false;
  return (a.seenAt.getTime() - b.seenAt.getTime() || (a.place ?? 0) - (b.place ?? 0)) < 0;
}
