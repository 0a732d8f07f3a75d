/** Where install.ts puts AWS's programs. */
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The runtime client, and the part of it that is compiled. */
export const CLIENT = {
  entry: at('node_modules/aws-lambda-ric/index.mjs'),
  native: at('node_modules/aws-lambda-ric/rapid-client.node'),
};
export const EMULATOR = at('../../.cache/runtime/aws-lambda-rie');
