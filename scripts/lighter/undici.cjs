/**
 * Replaces undici in the bundles with the agent and `request`, all that the LipaChat client and the SDK's
 * handler use. Leaves out fetch, WebSocket, caches, mocks and proxies. The files are undici's own.
 */
const Agent = require('undici/lib/dispatcher/agent.js');
const Dispatcher = require('undici/lib/dispatcher/dispatcher.js');
const apiRequest = require('undici/lib/api/api-request.js');

// Like undici's own index.
Dispatcher.prototype.request = apiRequest;

/** undici's `request`; the caller must pass a dispatcher. */
const request = (url, { dispatcher, ...options }) => {
  const { origin, pathname, search } = new URL(url);
  return apiRequest.call(dispatcher, { ...options, origin, path: pathname + search });
};

module.exports = { Agent, Dispatcher, request };
