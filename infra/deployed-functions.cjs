/** The names of the functions that a stage has: all of serverless.yml, without `docs` if the param `docs` is off (infra/docs.cjs). */
module.exports = async ({ resolveConfigurationProperty, resolveVariable }) => {
  const names = Object.keys(await resolveConfigurationProperty(['functions']));
  const isOff = (await resolveVariable('param:docs')) === 'off';
  return names.filter((name) => name !== 'docs' || !isOff);
};
