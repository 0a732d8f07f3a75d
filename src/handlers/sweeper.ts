import type { Context } from 'aws-lambda';
import { deadlineOf } from '../lib/http/api.ts';
import { tablePartOf } from '../lib/sending/table-part.ts';
import { wireSweep } from '../lib/wiring/sending.ts';

const { stores, sweep } = wireSweep('sweeper');

/** Every minute, by EventBridge's schedule, and by an operator's `{"segment":0,"of":1}`. */
export const handler = (event: unknown, context?: Context) =>
  sweep({
    correlationId: context?.awsRequestId ?? stores.random.uuid(),
    deadlineAt: deadlineOf(context, stores.clock),
    part: tablePartOf(event, stores.clock.now()),
  });
