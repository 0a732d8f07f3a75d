/**
 * In the bundles this stands for @aws-sdk/credential-provider-node. Lambda gives a function its role's keys in the
 * environment and nowhere else, so the SDK's search through profiles, SSO, STS and instance metadata, a fifth of a
 * small bundle, has nothing to find there.
 */

export const defaultProvider = () => () => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
  const { AWS_SESSION_TOKEN: sessionToken } = process.env;
  if (!accessKeyId || !secretAccessKey) {
    return Promise.reject(new Error('the environment has no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'));
  }
  return Promise.resolve({ accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) });
};
