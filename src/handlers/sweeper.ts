import type { Context } from 'aws-lambda';
import { deadlineOf } from '../lib/http/api.ts';
import { wireSweep } from '../lib/wiring/sending.ts';

const { stores, sweep } = wireSweep('sweeper');

/** Every minute, by EventBridge's schedule. */
export const handler = (_: unknown, context?: Context) =>
  sweep({
    correlationId: context?.awsRequestId ?? stores.random.uuid(),
    deadlineAt: deadlineOf(context, stores.clock),
  });
