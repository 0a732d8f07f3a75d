/**
 * A budget of the account, if the stage's params set `monthlyBudget`, in US dollars. Billing's figures are hours old, so it warns and
 * stops nothing. It has no filter by the stack's tags: until they are activated in the billing console, such a budget would see
 * no cost at all. `serverless` loads this file into the stack's resources.
 */

/** In percent of the sum: what is spent, and what AWS forecasts for the month. */
const WARNINGS = [
  ['ACTUAL', 80],
  ['ACTUAL', 100],
  ['FORECASTED', 100],
];

const warning = ([NotificationType, Threshold]) => ({
  Notification: {
    NotificationType,
    ComparisonOperator: 'GREATER_THAN',
    Threshold,
    ThresholdType: 'PERCENTAGE',
  },
  Subscribers: [{ SubscriptionType: 'SNS', Address: { Ref: 'AlarmTopic' } }],
});

const budget = (stage, amount) => ({
  Type: 'AWS::Budgets::Budget',
  // The topic must take its messages when it is created.
  DependsOn: 'AlarmTopicPolicy',
  Properties: {
    Budget: {
      // Budgets are global in an account: the region keeps the stacks of one stage apart.
      BudgetName: { 'Fn::Sub': `lipaflow-${stage}-\${AWS::Region}` },
      BudgetType: 'COST',
      TimeUnit: 'MONTHLY',
      BudgetLimit: { Amount: amount, Unit: 'USD' },
    },
    NotificationsWithSubscribers: WARNINGS.map(warning),
  },
});

module.exports = async ({ resolveVariable }) => {
  const amount = Number(await resolveVariable('param:monthlyBudget'));
  if (!(amount >= 0)) throw new Error('the param monthlyBudget must be a sum in US dollars, or 0 for none');
  if (amount === 0) return {};
  return { Resources: { Budget: budget(await resolveVariable('sls:stage'), amount) } };
};
