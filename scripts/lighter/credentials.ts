/**
 * Replaces @aws-sdk/credential-provider-node in the bundles. Lambda passes a function's role credentials in
 * environment variables only. The SDK's search through profiles, SSO, STS and instance metadata, a fifth of a
 * small bundle, would find nothing. They are read once, like the SDK's: Lambda never changes them in a process, and each
 * read of the environment leaves JavaScript.
 */

export const defaultProvider = () => {
  let known: ReturnType<typeof fromEnvironment> | undefined;
  return () => {
    known ??= fromEnvironment();
    return known;
  };
};

function fromEnvironment() {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
  const { AWS_SESSION_TOKEN: sessionToken } = process.env;
  if (!accessKeyId || !secretAccessKey) {
    return Promise.reject(new Error('the environment has no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'));
  }
  return Promise.resolve({ accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) });
}
