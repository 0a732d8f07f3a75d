/** An answer of the HTTP API, over HTTP or straight out of a function, in one form. */
import type { HttpResult } from '../worker.ts';

export type Answer = {
  status: number;
  headers: Record<string, string>;
  /** The body as it came, to compare bytes. */
  text: string;
  json: Body;
};

/** The fields of receipts, problems and reads that tests look at. */
export type Body = {
  messageId?: string;
  status?: string | number;
  code?: string;
  detail?: string;
  title?: string;
  type?: string;
  correlationId?: string;
  errors?: { path: string; message: string }[];
  waId?: string | null;
  reason?: string;
  nextStep?: string;
  attempts?: number;
  gateway?: unknown;
  timeline?: { at: string; status: string; source: string; detail?: string }[];
  open?: boolean;
  openedAt?: string | null;
  expiresAt?: string | null;
  lastInboundAt?: string | null;
  [name: string]: unknown;
};

const parsed = (text: string): Body => {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return {};
  }
};

export const answerOfHttp = async (response: Response): Promise<Answer> => {
  const text = await response.text();
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text,
    json: parsed(text),
  };
};

export const answerOfFunction = ({ statusCode, headers = {}, body = '' }: HttpResult): Answer => ({
  status: statusCode,
  headers,
  text: body,
  json: parsed(body),
});

export const isReplay = ({ headers }: Answer): boolean => headers['idempotent-replayed'] === 'true';
