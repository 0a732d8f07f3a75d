import { AppError } from './errors.ts';

/** Who asks: an API client, or an IAM caller. */
export interface Caller {
  readonly clientId: string;
  /** May use other clients' things too, as far as its numbers and its namespace go. */
  readonly seesAll: boolean;
  /** Of the client's namespace, if it has one. A secret. */
  readonly namespaceKey?: string | undefined;
  /** The only business numbers that the caller may use, as digits; undefined for all. */
  readonly numbers?: readonly string[] | undefined;
  /** Where its campaigns may read recipients, as `s3://bucket/prefix/`. */
  readonly recipientSources?: readonly string[] | undefined;
}

/** The business number of a request that names none: the caller's only one, or else the stage's default. */
export function senderOf({ numbers }: Pick<Caller, 'numbers'>, byDefault: string | undefined) {
  const [only, ...others] = numbers ?? [];
  return only !== undefined && others.length === 0 ? only : byDefault;
}

/** May the caller use this business number? */
export function mayUseNumber({ numbers }: Pick<Caller, 'numbers'>, business: string): boolean {
  return numbers === undefined || numbers.includes(business);
}

/** Throws `forbidden` if the caller may not use this business number, whatever is stored under it. */
export function assertMayUse(caller: Pick<Caller, 'numbers'>, business: string): void {
  if (mayUseNumber(caller, business)) return;
  throw new AppError(
    'forbidden',
    'This client may not use this business number. Ask an operator which numbers it may use (`client list`).',
  );
}
