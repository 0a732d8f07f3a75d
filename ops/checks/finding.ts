/** The result of one of doctor's checks. */
export type Finding = {
  check: string;
  state: 'ok' | 'warning' | 'fault';
  says: string;
  /** What to do about it. */
  todo?: string;
};

export type Judge = {
  ok: (says: string) => Finding;
  warning: (says: string, todo: string) => Finding;
  fault: (says: string, todo: string) => Finding;
};

/** Makes the findings of one check. */
export const judge = (check: string): Judge => ({
  ok: (says) => ({ check, state: 'ok', says }),
  warning: (says, todo) => ({ check, state: 'warning', says, todo }),
  fault: (says, todo) => ({ check, state: 'fault', says, todo }),
});
