import type { Context } from 'aws-lambda';
import { makeHandleStatus } from '../lib/callbacks/handle-status.ts';
import { deadlineOf } from '../lib/http/api.ts';
import { makeSweep } from '../lib/sending/sweep.ts';
import { wireSend, wireSendStores } from '../lib/wiring/sending.ts';

const LONGEST_WAIT_MS = 21_000;

const stores = wireSendStores('sweeper');
const { sweepMessage, recipientQueue } = wireSend(stores);
const { retryUnmatched } = makeHandleStatus({ ...stores, recipientQueue });
// A send is cut off by the tick's own end, too: however long the deadline is, a tick starts with work.
const longestSendMs = Math.min(stores.config.GATEWAY_DEADLINE_MS, LONGEST_WAIT_MS) + 4_000;
const sweep = makeSweep({ ...stores, sweepMessage, retryUnmatched, longestSendMs });

/** Every minute, by EventBridge's schedule. */
export const handler = (_: unknown, context?: Context) =>
  sweep({
    correlationId: context?.awsRequestId ?? stores.random.uuid(),
    deadlineAt: deadlineOf(context, stores.clock),
  });
