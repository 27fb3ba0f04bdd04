"use strict";

const csrfToken = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];

SwaggerUIBundle({
  url: document.getElementById("api").dataset.schema,
  dom_id: "#api",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  persistAuthorization: true,
  // Swagger's validator is a service elsewhere.
  validatorUrl: null,
  requestInterceptor: (request) => {
    const token = csrfToken();
    const ours = new URL(request.url, location.href).origin === location.origin;
    if (token && ours) {
      request.headers["X-CSRFToken"] = token;
    }
    return request;
  },
});
