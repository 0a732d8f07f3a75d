/**
 * In the bundles this stands for undici: the agent and `request`, which is all that the LipaChat client and the SDK's
 * handler use, without fetch, WebSocket, caches, mocks and proxies. The files are undici's own.
 */
const Agent = require('undici/lib/dispatcher/agent.js');
const Dispatcher = require('undici/lib/dispatcher/dispatcher.js');
const apiRequest = require('undici/lib/api/api-request.js');

// As undici's own index does it.
Dispatcher.prototype.request = apiRequest;

/** undici's `request`, whose caller has to bring its dispatcher. */
const request = (url, { dispatcher, ...options }) => {
  const { origin, pathname, search } = new URL(url);
  return apiRequest.call(dispatcher, { ...options, origin, path: pathname + search });
};

module.exports = { Agent, Dispatcher, request };
