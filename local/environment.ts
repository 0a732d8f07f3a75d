/** The functions' environment: stage `local` of the stack, overridden by the caller's own settings. */
import type { StackEnvironment } from './stack.ts';

export type Environment = Record<string, string | undefined>;

type EnvironmentOptions = {
  stack: StackEnvironment;
  /** The caller's environment. An empty value counts as unset. */
  caller: Environment;
  awsUrl: string;
  /** Serves S3 too. */
  sqsUrl: string;
  /** LipaChat's URL, unless the caller sets LIPACHAT_BASE_URL. */
  lipachatBaseUrl: string;
};

// A developer's own AWS settings must never lead the local system to a real account.
const NEVER_INHERITED = ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'];

/** The stack's settings, overridden by the caller's except AWS's own. Addresses are still the stack's. */
export const callersEnvironment = (stack: StackEnvironment, caller: Environment): StackEnvironment => {
  const settings = { ...stack };
  for (const name of Object.keys(stack)) {
    const own = caller[name];
    if (own && !name.startsWith('AWS_')) settings[name] = own;
  }
  return settings;
};

const at = (address: string, url: string): string => new URL(new URL(address).pathname, url).href;

/** A function's whole environment, with the addresses at which the stand-ins really listen. */
export const functionEnvironment = (options: EnvironmentOptions): StackEnvironment => {
  const { stack, sqsUrl } = options;
  const { LIPACHAT_BASE_URL: callers } = options.caller;
  return {
    ...callersEnvironment(stack, options.caller),
    AWS_ENDPOINT_URL: options.awsUrl,
    AWS_ENDPOINT_URL_SQS: sqsUrl,
    AWS_ENDPOINT_URL_S3: sqsUrl,
    // Never the caller's: the SDK calls SQS at the queue's URL, which may belong to a real account.
    DELIVERY_QUEUE_URL: at(stack.DELIVERY_QUEUE_URL, sqsUrl),
    CALLBACK_QUEUE_URL: at(stack.CALLBACK_QUEUE_URL, sqsUrl),
    CAMPAIGN_QUEUE_URL: at(stack.CAMPAIGN_QUEUE_URL, sqsUrl),
    PLAN_QUEUE_URL: at(stack.PLAN_QUEUE_URL, sqsUrl),
    LIPACHAT_BASE_URL: callers || options.lipachatBaseUrl,
  };
};

/** Sets this process's environment, which the bundles read when they are loaded. */
export const adoptEnvironment = (environment: Environment): void => {
  for (const name of NEVER_INHERITED) delete process.env[name];
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined) process.env[name] = value;
  }
};
