import { randomUUID } from 'node:crypto';
import { codedRefusal } from './codes.ts';
import {
  envelope,
  frameworkError,
  freshWaId,
  invalidCredentials,
  receipt,
  sessionClosed,
} from './envelope.ts';
import type { Invention } from './fault-kinds.ts';
import { type Answer, jsonAnswer } from './http.ts';
import type { Entry } from './journal.ts';

type InventionOf<K extends Invention['kind']> = Extract<Invention, { kind: K }>;
type Stage = { now: Date; entry: Entry };
type Inventors = { [K in Invention['kind']]: (fault: InventionOf<K>, stage: Stage) => Answer };

const html502 =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n' +
  '<hr><center>nginx/1.18.0 (Ubuntu)</center>\r\n</body>\r\n</html>\r\n';

const inventors: Inventors = {
  outcome: (fault) =>
    fault.raw === undefined
      ? jsonAnswer(fault.status, fault.body ?? null, fault.headers)
      : plain(fault.status, fault.raw, { 'content-type': 'text/plain', ...fault.headers }),
  reject: (fault, { now }) =>
    jsonAnswer(
      fault.httpStatus,
      envelope(now, { status: 'error', message: fault.message, errors: fault.errors }),
    ),
  'error-code': (fault, { now, entry }) => codedRefusal(fault, { now, ...entry }),
  'invalid-credentials': (fault, { now }) => jsonAnswer(fault.httpStatus, invalidCredentials(now)),
  'session-closed': (fault, { now }) => jsonAnswer(fault.httpStatus, sessionClosed(now)),
  throttle: (fault, { now }) =>
    jsonAnswer(429, envelope(now, { status: 'error', message: 'Too many requests' }), retryAfter(fault)),
  'html-502': () => plain(502, html502, { 'content-type': 'text/html' }),
  foreign: ({ status, form }, { now, entry }) => foreignPage(form, { now, entry, status }),
  'hostile-json': ({ status, form, size }, { now, entry }) =>
    plain(status, hostileEnvelope({ status, form, size }, { now, entry }), {
      'content-type': 'application/json',
    }),
  'server-error': (fault, { now, entry }) =>
    jsonAnswer(
      fault.status,
      frameworkError(now, fault.status, 'Internal Server Error', `/api/v1${entry.path}`),
    ),
  redirect: (fault) => plain(fault.status, '', { location: fault.location }),
  'not-json': () =>
    plain(200, '{"status":"success","data":{"messageId"', { 'content-type': 'application/json' }),
  empty: () => plain(200, '', { 'content-type': 'application/json' }),
  'success-without-data': (_fault, { now }) => jsonAnswer(200, envelope(now, {})),
  'accepted-status': (fault, { now, entry }) => {
    const sent = { messageId: entry.messageId ?? randomUUID(), waId: freshWaId(entry.to ?? '') };
    const data = { ...receipt(sent), status: fault.status, statusDesc: fault.statusDesc };
    return jsonAnswer(fault.httpStatus, envelope(now, { data }));
  },
};

/** The response that a fault sends instead of the gateway's own. */
export function invent(fault: Invention, stage: Stage): Answer {
  return inventByKind(fault.kind, fault, stage);
}

/** TypeScript needs a type parameter to tie a kind to its fault. */
function inventByKind<K extends Invention['kind']>(kind: K, fault: InventionOf<K>, stage: Stage): Answer {
  return inventors[kind](fault, stage);
}

export function isInvention(fault: { kind: string }): fault is Invention {
  return Object.hasOwn(inventors, fault.kind);
}

function foreignPage(
  form: InventionOf<'foreign'>['form'],
  { status, now, entry }: Stage & { status: number },
): Answer {
  switch (form) {
    case 'html':
      return plain(status, html502.replaceAll('502 Bad Gateway', `${status} Blocked`), {
        'content-type': 'text/html',
      });
    case 'framework':
      return jsonAnswer(status, frameworkError(now, status, 'Refused', `/api/v1${entry.path}`));
    case 'proxy':
      return jsonAnswer(status, { message: 'Forbidden' });
    case 'empty':
      return plain(status, '', {});
  }
}

/** As text, since JSON.stringify itself fails at such depths. */
function hostileEnvelope(
  { status, form, size }: Pick<InventionOf<'hostile-json'>, 'status' | 'form' | 'size'>,
  { now, entry }: Stage,
): string {
  const hostile = {
    deep: () => '['.repeat(size) + ']'.repeat(size),
    wide: () => `{${Array.from({ length: size }, (_, n) => `"${n}":0`).join(',')}}`,
    long: () => `"${'x'.repeat(size)}"`,
  };
  const data = receipt({ messageId: entry.messageId ?? randomUUID(), waId: freshWaId(entry.to ?? '') });
  const parts = status < 300 ? { data: { ...data, more: '@' } } : { status: 'error' as const, errors: '@' };
  return JSON.stringify(envelope(now, parts)).replace('"@"', hostile[form]());
}

function plain(status: number, body: string, headers: Record<string, string>): Answer {
  return { status, body, headers };
}

function retryAfter(fault: InventionOf<'throttle'>): Record<string, string> {
  return fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
}
