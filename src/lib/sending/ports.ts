import type { MessageId } from '../messages/message.ts';
import type { Versioned } from '../platform/ports.ts';

/** The one template message that may be out for a customer and a flow. */
export interface TemplateLock {
  /** Names customer and flow without telling them. */
  readonly key: string;
  /** Whose template message it is. */
  readonly holder: MessageId;
  readonly at: Date;
  readonly until: Date;
}

export interface TemplateLockStore extends Versioned<string, TemplateLock> {
  /** Removes it, whoever holds it: for erasure. */
  drop(key: string): Promise<void>;
}
