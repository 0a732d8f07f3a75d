import type { FlowRequest } from '../domain/message.ts';

/** Reads one recipient's flow as `POST /v1/flows` reads its body. Throws `invalid-request`. */
export type RecipientReader = (body: unknown) => FlowRequest;
