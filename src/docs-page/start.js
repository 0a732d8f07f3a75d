/* Renders openapi.json. Calls that are tried out go to where this page is from: its CSP lets them go nowhere else. */
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
    // The badge would send the description to a service of others.
    validatorUrl: null,
  });
})();
