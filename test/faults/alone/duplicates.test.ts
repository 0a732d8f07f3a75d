import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, isReplay } from '../../support/fleet/answer.ts';
import { type Fleet, type Flow, startFleet } from '../../support/fleet/fleet.ts';
import { processOf } from '../../support/fleet/steps.ts';

const PROCESSES = 5;
const IDS = 50;
const DUPLICATES = 100;
/** Ids in progress at a time: few enough that duplicates overlap and the stand-ins keep up. */
const AT_ONCE = 2;

let fleet: Fleet;
let flows: Flow[];
const firstAnswers = new Map<string, Answer>();

beforeAll(async () => {
  fleet = await startFleet({ ownProcesses: true, counts: { sendFlow: PROCESSES } });
  flows = Array.from({ length: IDS }, () => fleet.flow());
  // Long enough for duplicates to arrive while the first request is in progress.
  await fleet.lipachat.configure({ latencyMs: 120 });
});
afterAll(() => fleet.stop());

/** The same request a hundred times at once, spread over all processes. */
const burst = (flow: Flow): Promise<Answer[]> =>
  Promise.all(
    Array.from({ length: DUPLICATES }, (_, n) =>
      fleet.sendThrough(processOf(fleet, 'sendFlow', n % PROCESSES), flow),
    ),
  );

const bursts = async (visit: (flow: Flow, answers: Answer[]) => void): Promise<void> => {
  for (let at = 0; at < flows.length; at += AT_ONCE) {
    const together = flows.slice(at, at + AT_ONCE);
    const answered = await Promise.all(together.map(burst));
    for (const [n, flow] of together.entries()) visit(flow, answered[n] ?? []);
  }
};

describe('a hundred concurrent duplicates of each of fifty ids, over five processes', () => {
  it('get one 201, replays of it, or 409 with Retry-After, and nothing else', async () => {
    await bursts((flow, answers) => {
      const sent = answers.filter(({ status }) => status === 201);
      const [first, ...others] = sent.filter((answer) => !isReplay(answer));
      expect(others).toEqual([]);
      if (!first) throw new Error(`nobody was told that ${flow.messageId} was sent`);
      for (const { text } of sent) expect(text).toBe(first.text);
      for (const answer of answers.filter(({ status }) => status !== 201)) {
        expect(answer).toMatchObject({ status: 409, json: { code: 'send-in-progress' } });
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      }
      firstAnswers.set(flow.messageId, first);
    });
    expect(firstAnswers.size).toBe(IDS);
  });

  it('lead to one gateway call and one delivery per id', async () => {
    const calls = await fleet.lipachat.calls();
    expect(calls.map(({ messageId }) => messageId).toSorted()).toEqual([...firstAnswers.keys()].toSorted());
    expect(await fleet.lipachat.deliveries()).toHaveLength(IDS);
  });

  it('are all replays when a hundred more arrive after the send', async () => {
    await bursts((flow, answers) => {
      for (const answer of answers) {
        expect(answer.status).toBe(201);
        expect(isReplay(answer)).toBe(true);
        expect(answer.text).toBe(firstAnswers.get(flow.messageId)?.text);
      }
    });
    expect(await fleet.lipachat.calls()).toHaveLength(IDS);
  });
});
