declare module 'dynalite' {
  import type { Server } from 'node:http';

  type Options = { createTableMs?: number; deleteTableMs?: number; updateTableMs?: number };

  /** An HTTP server that speaks DynamoDB, in memory when no path is given. */
  const dynalite: (options?: Options) => Server;
  export default dynalite;
}
