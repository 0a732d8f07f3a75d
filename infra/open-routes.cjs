/**
 * A plugin of `serverless`: each route that needs no client has a throttle of its own, so that callers without a token
 * take no share of the others. It is a plugin because only packaging knows all routes.
 */

/** LipaChat's callbacks. All other open routes share the params `openRate` and `openBurst`, each for itself. */
const CALLBACKS = 'POST /v1/webhooks/lipachat/{secret}';

const throttled = ({ Resources }, { callbacks, others }) => {
  const open = Object.entries(Resources).filter(
    ([, { Type, Properties }]) =>
      Type === 'AWS::ApiGatewayV2::Route' && Properties.AuthorizationType !== 'CUSTOM',
  );
  const stage = Resources.HttpApiStage;
  stage.Properties.RouteSettings = Object.fromEntries(
    open.map(
      ([
        ,
        {
          Properties: { RouteKey },
        },
      ]) => {
        const { rate, burst } = RouteKey === CALLBACKS ? callbacks : others;
        const limits = { ThrottlingRateLimit: Number(rate), ThrottlingBurstLimit: Number(burst) };
        return [RouteKey, { DetailedMetricsEnabled: true, ...limits }];
      },
    ),
  );
  // API Gateway refuses settings of a route that is not there yet.
  stage.DependsOn = [stage.DependsOn ?? [], open.map(([id]) => id)].flat(2);
};

module.exports = class OpenRoutes {
  constructor(serverless) {
    const { service } = serverless;
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': () =>
        throttled(service.provider.compiledCloudFormationTemplate, service.custom.openRoutes),
    };
  }
};
