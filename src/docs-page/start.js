/* Renders openapi.json. "Try it out" sends requests to the page's own host; the CSP allows no other. */
(async () => {
  const here = new URL('.', window.location.href).href.replace(/\/$/, '');
  const document = await (await fetch('docs/openapi.json')).json();
  window.SwaggerUIBundle({
    dom_id: '#reference',
    spec: { ...document, servers: [{ url: here, description: 'Here' }] },
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
    // The validator badge would send the description to a third party.
    validatorUrl: null,
  });
})();
