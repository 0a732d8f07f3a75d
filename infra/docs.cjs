/**
 * A plugin of `serverless`: with the param `docs: off`, the stage has no page of the API. Its function, routes and role are not
 * deployed. infra/deployed-functions.cjs keeps the other resources from naming the function.
 */

const VALUES = ['on', 'off'];

module.exports = class Docs {
  constructor(serverless) {
    const { service } = serverless;
    const isOff = () => {
      const { docs } = service.custom;
      if (VALUES.includes(docs)) return docs === 'off';
      throw new serverless.classes.Error(`the param docs must be ${VALUES.join(' or ')}`, 'NO_DOCS_SETTING');
    };
    this.hooks = {
      initialize: () => {
        if (isOff()) delete service.functions.docs;
      },
      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        if (isOff()) delete service.provider.compiledCloudFormationTemplate.Resources.DocsRole;
      },
    };
  }
};
