import type { Stored, Versioned } from '../platform/ports.ts';
import type { Erasure } from './erasure.ts';

export interface ErasureStore extends Versioned<string, Erasure> {
  /** Running ones that nothing has gone on with for a while, the longest first. Eventually consistent. */
  lost(now: Date, limit: number): Promise<readonly string[]>;
  remove(stored: Stored<Erasure>): Promise<boolean>;
}

export interface ErasureQueue {
  /** Has an erasure go on after this time, 900 seconds at most. Throws `store-unavailable`. */
  enqueue(erasureId: string, afterSeconds?: number): Promise<void>;
}
