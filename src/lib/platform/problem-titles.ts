import type { ErrorCode } from './errors.ts';

/* The titles of problems. A final refusal is stored with its title, so a change here changes no replay. */

const TITLES: Record<ErrorCode, string> = {
  'invalid-request': 'Invalid request',
  forbidden: 'Not allowed for this client',
  'not-found': 'Not found',
  'not-acceptable': 'Encoding not accepted',
  'send-in-progress': 'Send in progress',
  'session-closed': 'Session window closed',
  'payload-too-large': 'Request body too large',
  'message-id-reused': 'messageId already in use',
  'recipient-opted-out': 'Recipient opted out',
  'gateway-rejected': 'Message rejected by LipaChat',
  'gateway-credentials': 'LipaChat credentials rejected',
  'gateway-misconfigured': 'LipaChat cannot be used as configured',
  'gateway-throttled': 'Sending throttled',
  'gateway-unavailable': 'LipaChat unavailable',
  'campaign-id-reused': 'campaignId already in use',
  'campaign-state': 'Not allowed in this campaign state',
  'store-unavailable': 'Data store unavailable',
  internal: 'Internal error',
};

export function titleOf(code: ErrorCode): string {
  return TITLES[code];
}

/** Version 0.1 stored no titles. These are its own, of the codes that it stored. */
const TITLES_OF_01: Partial<Record<ErrorCode, string>> = {
  'session-closed': 'The 24-hour session window is shut',
  'recipient-opted-out': 'The recipient has opted out',
  'gateway-rejected': 'LipaChat refused the message',
  'gateway-credentials': 'LipaChat does not accept our apiKey',
  'gateway-throttled': 'LipaChat is throttling',
  'gateway-unavailable': 'LipaChat is out of reach',
};

export function titleOf01(code: ErrorCode): string {
  return TITLES_OF_01[code] ?? titleOf(code);
}
