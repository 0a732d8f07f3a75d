/** The table of limits in docs/capacity.md: each quota, and the load at which a deployment reaches it. */
import { SCALING } from '../../bench/simulate/lambda.ts';
import { number as count } from '../../bench/simulate/report.ts';
import {
  ACCOUNT,
  callbackBatchSeconds,
  now,
  numbersTable,
  PER_SEND,
  queueRate,
  REQUESTS_PER_UNIT,
  rough,
  sendBatchSeconds,
  TIMES,
  unitsPerSend,
} from './facts.ts';
import { callbacks, type Limit, limitRow, sends } from './limit.ts';
import { OTHER_LIMITS, TABLE_LIMITS } from './limits-of-data.ts';

const API_LIMITS: readonly Limit[] = [
  {
    what: 'API Gateway, all routes but the webhook',
    quota: `${count(now.apiRate)}/s, burst ${count(now.apiBurst)}`,
    raise: 'params `apiRate`, `apiBurst`',
    reachedAt: sends(now.apiRate),
    source: undefined,
  },
  {
    what: 'API Gateway, the webhook',
    quota: `${count(now.webhookRate)}/s, burst ${count(now.webhookBurst)}`,
    raise: 'params `webhookRate`, `webhookBurst`',
    reachedAt: `${callbacks(now.webhookRate)}: ${sends(now.webhookRate / 3)}`,
    source: undefined,
  },
  {
    what: 'API Gateway, account and region',
    quota: `${count(ACCOUNT.apiRate)}/s, burst ${count(ACCOUNT.apiBurst)}`,
    raise: 'request',
    reachedAt: sends(ACCOUNT.apiRate / PER_SEND.apiRequests),
    source: 'api',
  },
];

const concurrencyFor = (latencySeconds: number): string =>
  `${count(rough(ACCOUNT.concurrency / unitsPerSend(latencySeconds)))} at ${latencySeconds} s`;

const LAMBDA_LIMITS: readonly Limit[] = [
  {
    what: 'Lambda, concurrent executions',
    quota: `${count(ACCOUNT.concurrency)}; a new account 10`,
    raise: 'request; then param `accountConcurrency`',
    reachedAt: `sends/s by LipaChat’s time: ${[0.8, 2.8, 10, 20].map(concurrencyFor).join(', ')}`,
    source: 'lambda',
  },
  {
    what: 'Lambda, requests for each unit of concurrency, reserved or not',
    quota: `${REQUESTS_PER_UNIT}/s`,
    raise: 'with the concurrency',
    reachedAt: `${callbacks(50 * REQUESTS_PER_UNIT)} with \`webhookConcurrency: 50\``,
    source: 'concurrency',
  },
  {
    what: 'Lambda, new environments of a function',
    quota: `${count(SCALING.environments)} per ${SCALING.seconds} s`,
    raise: 'no',
    reachedAt: `a step of ${sends(rough(SCALING.environments / (0.8 + TIMES.sendOverheadMs / 1000)))}`,
    source: 'scaling',
  },
  {
    what: 'SSM GetParameter, once for each new environment (and each account of `ownKeys` that it sends for)',
    quota: `${ACCOUNT.parameters}/s`,
    raise: 'account setting, at a price',
    reachedAt: `load that grows by ${sends(rough(ACCOUNT.parameters / (0.8 + TIMES.sendOverheadMs / 1000)))} each second`,
    source: 'ssm',
  },
];

const perNumbers = (rate: (one: (typeof numbersTable)[number]) => string): string =>
  numbersTable.map((one) => `${rate(one)} with ${one.numbers}`).join(', ');

const QUEUE_LIMITS: readonly Limit[] = [
  {
    what: 'Pollers of a queue',
    quota: '5 at first, 300 more a minute, 1,250 at most',
    raise: 'provisioned mode, not used',
    reachedAt: `a step of ${callbacks(rough(queueRate(5, callbackBatchSeconds)))}: later ones wait seconds`,
    source: 'pollers',
  },
  {
    what: 'Callback queue, batches in flight',
    quota: perNumbers(({ queues }) => String(queues.CallbackQueue.maximumConcurrency)),
    raise: 'param `numbers`',
    reachedAt: `callbacks/s: ${perNumbers(({ queues }) => count(rough(queueRate(queues.CallbackQueue.maximumConcurrency, callbackBatchSeconds))))}`,
    source: undefined,
  },
  {
    what: 'Campaign queue, batches in flight',
    quota: perNumbers(({ queues }) => String(queues.CampaignQueue.maximumConcurrency)),
    raise: 'params `numbers`, `slowestSend`',
    reachedAt: `recipients/s at 10 s: ${perNumbers(({ queues }) => count(rough(queueRate(queues.CampaignQueue.maximumConcurrency, sendBatchSeconds(10)))))}`,
    source: undefined,
  },
  {
    what: 'Delivery queue, batches in flight',
    quota: perNumbers(({ queues }) => String(queues.DeliveryQueue.maximumConcurrency)),
    raise: 'params `numbers`, `slowestSend`',
    reachedAt: `sends/s at 10 s: ${perNumbers(({ queues }) => count(rough(queueRate(queues.DeliveryQueue.maximumConcurrency, sendBatchSeconds(10)))))}`,
    source: undefined,
  },
  {
    what: 'Messages in flight in a queue',
    quota: '120,000; waiting and delayed ones don’t count',
    raise: 'request',
    reachedAt: 'never: ten for each batch in flight',
    source: 'sqs',
  },
];

/** The rows of the table, in Markdown. */
export const limitRows = (): string[] =>
  [API_LIMITS, LAMBDA_LIMITS, QUEUE_LIMITS, TABLE_LIMITS, OTHER_LIMITS].flat().map(limitRow);
