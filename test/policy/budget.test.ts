/** The budget of the account: none by default, and with the param one that the alarm topic takes. */
import { describe, expect, it } from 'vitest';
import { findingsIn } from './findings.ts';
import { type Json, ofType, type Packaged, packageFor } from './packaged.ts';

const budgets = (packaged: Packaged) => ofType(packaged, 'AWS::Budgets::Budget');

describe('the budget', () => {
  it.each(['dev', 'prod'] as const)('of %s is none by default', async (stage) => {
    expect(budgets(await packageFor(stage))).toEqual([]);
  });

  it('warns at 80 % and all of the sum, and where the month is to cost more', async () => {
    const packaged = await packageFor('prod', { monthlyBudget: '250' });
    const [[, { Budget, NotificationsWithSubscribers }] = ['', {} as Json], ...others] = budgets(packaged);
    expect(others).toEqual([]);
    expect(Budget).toEqual({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation resolves it.
      BudgetName: { 'Fn::Sub': 'lipaflow-prod-${AWS::Region}' },
      BudgetType: 'COST',
      TimeUnit: 'MONTHLY',
      BudgetLimit: { Amount: 250, Unit: 'USD' },
    });
    const warnings = NotificationsWithSubscribers as { Notification: Json; Subscribers: unknown }[];
    expect(warnings.map(({ Notification: n }) => [n['NotificationType'], n['Threshold']])).toEqual([
      ['ACTUAL', 80],
      ['ACTUAL', 100],
      ['FORECASTED', 100],
    ]);
    for (const { Subscribers } of warnings)
      expect(Subscribers).toEqual([{ SubscriptionType: 'SNS', Address: { Ref: 'AlarmTopic' } }]);
    const known = findingsIn(await packageFor('prod')).map(({ rule, at }) => `${rule} at ${at}`);
    expect(findingsIn(packaged).map(({ rule, at }) => `${rule} at ${at}`)).toEqual(known);
  });

  it('reaches the alarm topic: Budgets of this account may publish to it', async () => {
    const [[, policy] = ['', {} as Json]] = ofType(await packageFor('dev'), 'AWS::SNS::TopicPolicy');
    const { Statement } = policy['PolicyDocument'] as { Statement: Json[] };
    expect(Statement).toContainEqual({
      Sid: 'BudgetsOfThisAccount',
      Effect: 'Allow',
      Principal: { Service: 'budgets.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: { Ref: 'AlarmTopic' },
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    });
  });

  it('is a sum', async () => {
    const stdout = expect.stringContaining('the param monthlyBudget must be a sum in US dollars');
    await expect(packageFor('dev', { monthlyBudget: 'much' })).rejects.toMatchObject({ stdout });
  });
});
