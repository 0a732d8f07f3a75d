import type { MessageId } from '../messages/message.ts';
import type { Versioned } from '../platform/ports.ts';

/** The lock of a customer and a flow: only one of their template messages may be out. */
export interface TemplateLock {
  /** A hash of customer and flow. */
  readonly key: string;
  /** The flow that the template message belongs to. */
  readonly holder: MessageId;
  readonly at: Date;
  readonly until: Date;
}

export interface TemplateLockStore extends Versioned<string, TemplateLock> {
  /** Removes it regardless of its holder: for erasure. */
  drop(key: string): Promise<void>;
}
