/** Two messages have one key only if they have one namespace and one messageId. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMessageId, type MessageId } from '../../../src/lib/messages/message.ts';
import { keyIn } from '../../../src/lib/messages/namespaced.ts';

const namespaceKey = fc.option(
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
  { nil: undefined },
);
const messageId = fc.stringMatching(/^[A-Za-z0-9._:~-]{1,128}$/).map((id) => id as MessageId);

describe('the key of a messageId', () => {
  it('is a messageId, and another one in another namespace or for another messageId', () => {
    fc.assert(
      fc.property(namespaceKey, namespaceKey, messageId, messageId, (a, b, id, other) => {
        const key = keyIn(a, id);
        expect(isMessageId(key)).toBe(true);
        expect(keyIn(a, id)).toBe(key);
        expect(keyIn(b, id) === key).toBe(a === b);
        expect(keyIn(a, other) === key).toBe(id === other);
      }),
    );
  });
});
